"""`python -m tests.openapi_document`: the OpenAPI document of the code here, without any store."""

import sys

from tests.app_fixture import application

NOBODY = "127.0.0.1:1"


def main() -> None:
    stores = (f"postgresql://nobody:x@{NOBODY}/none", f"redis://{NOBODY}/0")
    with application(*stores, gatte_log_level="CRITICAL") as app:
        answer = app.test_client().get("/openapi.json")
    sys.stdout.write(answer.text)


if __name__ == "__main__":
    main()
