"""``python -m quire_shared.testing.kafka``: fetch Kafka's jars ahead of the tests, unless a broker is given."""

import os
import sys

from quire_shared.testing.kafka.artefacts import KafkaUnavailable, fetch_jars

if __name__ == "__main__":
    if os.environ.get("QUIRE_KAFKA_BOOTSTRAP"):
        print("Kafka for tests: QUIRE_KAFKA_BOOTSTRAP is set, nothing to fetch.")
    else:
        try:
            print(f"Kafka for tests: {fetch_jars()}")
        except KafkaUnavailable as error:
            sys.exit(str(error))
