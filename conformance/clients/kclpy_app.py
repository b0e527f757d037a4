"""A record processor of amazon_kclpy, as its users write one: prints what it is told to standard error, and checkpoints."""

import sys

from amazon_kclpy import kcl
from amazon_kclpy.v3 import processor


def say(*words):
    print(*words, file=sys.stderr, flush=True)


class RecordProcessor(processor.RecordProcessorBase):
    def initialize(self, initialize_input):
        self.shard = initialize_input.shard_id
        say("initialize", self.shard, initialize_input.sequence_number)

    def process_records(self, process_records_input):
        last = None
        for record in process_records_input.records:
            say("record", self.shard, record.partition_key, record.binary_data.decode())
            last = record
        try:
            process_records_input.checkpointer.checkpoint("1" + last.sequence_number, 0)
        except kcl.CheckpointError as error:
            say("refused", error.value)
        process_records_input.checkpointer.checkpoint(last.sequence_number, last.sub_sequence_number)

    def lease_lost(self, lease_lost_input):
        say("lease_lost", self.shard)

    def shard_ended(self, shard_ended_input):
        say("shard_ended", self.shard)
        shard_ended_input.checkpointer.checkpoint()

    def shutdown_requested(self, shutdown_requested_input):
        say("shutdown_requested", self.shard)
        shutdown_requested_input.checkpointer.checkpoint()


if __name__ == "__main__":
    kcl.KCLProcess(RecordProcessor()).run()
