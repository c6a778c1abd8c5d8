"""What a view reads of a form and of the query of its address: what it does not read cannot change what it does."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict

EVERYTHING: Final = "*"


class Read(QueryDict):
    """A form or a query that keeps the names that are read of it; `EVERYTHING` when it is read as a whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.names = set[str]()  # of a copy as well
        super().__init__(*args, **kwargs)

    def __getitem__(self, key: str) -> Any:
        self.names.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.names.add(str(key))
        return super().__contains__(key)

    def _getlist(self, key: str, default: Any = None, force_list: bool = False) -> Any:  # noqa: FBT001 - Django's
        self.names.add(key)
        return super()._getlist(key, default, force_list)  # type: ignore[misc]

    def __iter__(self) -> Iterator[str]:
        self.names.add(EVERYTHING)
        return super().__iter__()


def _as_a_whole(name: str) -> Callable[..., Any]:
    def read(self: Read, *args: Any, **kwargs: Any) -> Any:
        self.names.add(EVERYTHING)
        return getattr(super(Read, self), name)(*args, **kwargs)

    return read


for _name in ("keys", "values", "items", "lists", "dict", "urlencode", "copy", "__copy__", "__deepcopy__"):
    setattr(Read, _name, _as_a_whole(_name))


def recorded(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: each answer says in `form_read` and `query_read` what was read for it."""

    def answer(request: HttpRequest) -> HttpResponse:
        read = {"form_read": _names(request.POST), "query_read": _names(request.GET)}
        response = get_response(request)
        vars(response).update(read)
        return response

    return answer


def _names(sent: QueryDict) -> set[str]:
    """The names that will have been read of it."""
    names = set[str]()
    sent.__class__ = Read  # it is one from now on
    vars(sent)["names"] = names
    return names
