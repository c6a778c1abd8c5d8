"""Named refusals of the learning core. Each message says what was wrong and what to do."""


class FileRefusedError(ValueError):
    """A stored file is not what it should be; nothing of it was used."""


class HashMismatchError(FileRefusedError):
    """The bytes are not those that were written: damaged, or of another version."""


class RecipeMismatchError(FileRefusedError):
    """The file was made under another feature recipe than this code computes."""


class MalformedFileError(FileRefusedError):
    """The file is not an archive of the expected arrays, or they do not fit together."""
