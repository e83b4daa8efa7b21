"""The base of all tables of ``vendors``: its own registry, so that all services fit into one process."""

from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from quire_shared.database.tables import new_metadata


class Base(SQLModel, registry=registry(metadata=new_metadata())):
    """Tables of this service."""
