"""What people do with a room, one file per area; HTTP, pages and CLI all come through here.

Every function takes the room and a ``Principal``, asks the principal first, and answers with frozen records.
"""
