"""Run the refresh job with a crawl that waits: to be interrupted or killed by a test."""

import dagster as dg

from tests.pipeline.assets.conftest import fake_definitions

if __name__ == "__main__":
    with dg.DagsterInstance.get() as instance:
        job = fake_definitions().resolve_job_def("refresh_sketchfab")
        job.execute_in_process(instance=instance, raise_on_error=False)
