"""Files that customers sent: fetched from Meta before their ids die, sealed under the contact's
key, kept for a time, and shown.

A message that brings a file leaves a row in `media_file`; a job fetches what is due (`fetch`),
finds out what it is by its content (`file_types`), makes a picture to show of an image (`previews`)
and stores both (`sealed_files`). What has lost its row is removed by `orphans`. No transaction is
open while Meta or the storage is asked. May use `delivery` (which number has which way to Meta),
the store, and everything below. Start reading at `fetch`.
"""
