from quire_shared.database.migrations import run_env

run_env()
