"""Files of customers in a bucket that speaks as S3 does."""

import boto3
import pytest
from moto.server import ThreadedMotoServer

from gatte.extensions import db
from gatte.jobs import cron
from gatte.media import sealed_files
from gatte.models import MediaFile
from tests.integration.media.sent_files import PDF, fetched, part

ACCESS = {"gatte_media_s3_access_key_id": "one", "gatte_media_s3_secret_access_key": "two"}


@pytest.fixture(scope="module")
def bucket():
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="one",
        aws_secret_access_key="two",
    )
    client.create_bucket(Bucket="gatte-media")
    yield client, endpoint
    server.stop()


@pytest.fixture(scope="module")
def settings(settings, bucket):
    place = {"gatte_media_dir": "s3://gatte-media/files", "gatte_media_s3_endpoint": bucket[1]}
    return {**settings, **ACCESS, **place}


def test_a_file_is_stored_read_and_removed(app, meta, customer, bucket):
    (wamid,) = customer.sends(part(meta, "document", PDF * 400, filename="a.pdf"))
    row = fetched(customer, wamid)
    stored = bucket[0].list_objects_v2(Bucket="gatte-media")["Contents"]

    assert [one["Key"] for one in stored] == [f"files/{row.id.hex[-2:]}/{row.id}.content"]
    with app.app_context():
        assert sealed_files.read_whole(row) == PDF * 400
        db.session.delete(db.session.get_one(MediaFile, row.id))
        db.session.commit()
        cron.remove_orphaned_media()
    assert "Contents" not in bucket[0].list_objects_v2(Bucket="gatte-media")
    assert app.extensions["gatte_settings"].backup_folders == []
