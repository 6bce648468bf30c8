"""Writers: results in, bytes or text out. Nothing here decides a status."""
