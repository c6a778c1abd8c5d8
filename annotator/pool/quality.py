"""What kind of page a text is, and how much of one thing a lot of pages is: rules that read no row. Decision 146."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annotator.pool.minhash import BANDS

SHORT_WORDS: Final = 20
NOTICE_CHARS_MAX: Final = 2_000
SCRIPT_CHARS_MAX: Final = 500
SHARED_BANDS_MIN: Final = 3
UNSPACED_MIN: Final = 40
# Titles and sentences as servers, hosts and registrars write them, in the languages that most pages are in. A long text
# that quotes one is a page about it.
ERROR_TITLES: Final = (
    # HTTP, as nginx, Apache and most others write the number before its reason
    r"^(?:(?:http )?(?:error|fehler|erreur|erro|errore|błąd|ошибка|错误) ?:? ?)?"
    r"(?:40[0-9]|410|429|451|50[0-4]|52[0-9])\b",
    r"page not found|not found|access denied|^forbidden|bad gateway|service (?:temporarily )?unavailable",
    r"gateway time-?out|internal server error",
    # WordPress and others, translated
    r"p[áa]gina (?:no|não) encontrada|seite (?:wurde )?nicht gefunden|page (?:non trouvée|introuvable)",
    r"pagina non trovata|pagina niet gevonden|nie znaleziono strony|strona nie (?:została znaleziona|istnieje)",
    r"страниц[аы] не (?:найдена|существует)|сторінку не знайдено|sayfa bulunamadı|الصفحة غير موجودة",
    r"未找到页面|页面(?:不存在|未找到|没有找到)|找不到(?:页面|網頁|頁面)",
    r"ページ(?:が|は)見つかりません|페이지를 찾을 수 없습니다",
    # IIS: titles of its own pages
    r"^iis windows|^无法找到该页|^no se puede encontrar la página|^die seite kann nicht (?:gefunden|angezeigt) werden",
    r"^impossible d[e'’] ?(?:trouver|afficher) la page",
    r"acceso (?:denegado|prohibido)|zugriff verweigert|accès (?:refusé|interdit)|acesso (?:negado|proibido)",
    r"accesso negato|toegang geweigerd|доступ запрещ[её]н|访问被拒绝|禁止访问|アクセスが拒否",
    # Cloudflare asks whether one is human; its pages speak the browser's language
    r"^just a moment|attention required|^are you a (?:robot|human)",
    r"^(?:(?:nur )?einen moment|un (?:momento|instant)|um momento|请稍候)(?:\.\.\.|…|$)",
    # cPanel and Plesk: suspended accounts, and sites that have nothing yet; BT Panel (宝塔) likewise
    r"account suspended|suspended page|cuenta suspendida|compte suspendu|conta suspensa|account sospeso",
    r"аккаунт заблокирован",
    r"default (?:web )?(?:site )?page|^welcome to nginx|^it works!?$|^index of /|站点创建成功|没有找到站点",
    r"site (?:is )?(?:under maintenance|not available|unavailable)|wartungsarbeiten|^wartungsmodus|en mantenimiento$",
    r"en maintenance$|em manutenção$|网站(?:维护|建设)中",
)
PARKED_PHRASES: Final = (
    r"domain(?: name)? (?:is |may be )?(?:for sale|parked|available for purchase)|buy this domain",
    r"this domain has expired|parked (?:domain|page)|domain parking|inquire about this domain",
    # GoDaddy tells visitors by these words that a page is its own
    r"(?:is|was) parked (?:free|by|at)",
    # Sedo and other markets of names, translated
    r"domain(?:name)? (?:ist |steht )?(?:zu verkaufen|zum verkauf)|(?:nom de )?domaine (?:est |peut être )?à vendre",
    r"dominio (?:está |puede estar )?(?:en venta|a la venta)|domínio (?:está )?(?:à|a) venda|dominio (?:è )?in vendita",
    r"domein(?:naam)? (?:is |staat )?te koop|domena (?:jest )?na sprzedaż|alan adı satılıktır",
    r"домен(?:ное имя)? (?:прода[её]тся|выставлен на продажу|припаркован)",
    r"域名(?:正在|可以?|可能)?(?:出售|转让)|ドメインは(?:販売中|売り出し中)",
    # Strato and other German hosts; OVH and Gandi; reg.ru
    r"hier entsteht eine neue (?:internetpräsenz|webseite|website|homepage)",
    r"diese domain wurde (?:gerade |soeben )?registriert",
    r"votre domaine a bien été créé chez ovh|domaine est (?:enregistré chez|réservé par)",
    r"has been registered with gandi",
    r"срок регистрации домена ист[её]к|домен зарегистрирован",
    r"(?:hugedomains|sedoparking|bodis|afternic|dan)\.com",
)
SCRIPT_PHRASES: Final = (
    r"(?:enable|activate|turn on|requires?) javascript|javascript (?:is )?(?:disabled|required)",
    r"javascript (?:zu )?aktivieren|aktivieren sie (?:bitte )?javascript|activ(?:er|ez|ar|e) (?:le )?javascript",
    r"(?:habilit(?:ar|e)|ativ(?:ar|e)) (?:o )?javascript|(?:abilita(?:re)?|attiva(?:re)?) javascript",
    r"включ(?:ите|ить) (?:поддержку )?javascript|(?:启用|开启) ?javascript|javascript ?を有効",
)
ERROR_TITLE: Final = re.compile("|".join(ERROR_TITLES), re.IGNORECASE)
PARKED: Final = re.compile("|".join(PARKED_PHRASES))
SCRIPT: Final = re.compile("|".join(SCRIPT_PHRASES))
# One of these is in each phrase, in lower case: to look for words first is ten times as fast as to try the phrases.
PARKED_WORDS: Final = (
    "domain", "domein", "domena", "dominio", "domínio", "домен", "域名", "ドメイン", "alan adı",
    "parked", "hier entsteht", "gandi", "sedoparking", "bodis.", "afternic.", "dan.com",
)  # fmt: skip
SCRIPT_WORDS: Final = ("javascript",)
# Of scripts that put no spaces between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
)

READABLE, SHORT, EMPTY, ERROR, PARKED_KIND, SCRIPTED = (
    "readable",
    "short",
    "empty",
    "error",
    "parked",
    "script",
)
KINDS: Final = (READABLE, SHORT, EMPTY, ERROR, PARKED_KIND, SCRIPTED)

Bands = NDArray[np.int64]


@dataclass(frozen=True)
class Clusters:
    """Groups of nearly the same text: how many, how many pages are in them, and the largest."""

    n_clusters: int
    n_pages: int
    largest: int


def kind_of(title: str, text: str) -> str:
    """One of `KINDS`: what a page is, by its title and text.

    >>> kind_of("404 Not Found", ""), kind_of("Chess", "The rules of chess " * 9), kind_of("Chess", "")
    ('error', 'readable', 'empty')
    """
    if len(text) <= NOTICE_CHARS_MAX:
        if ERROR_TITLE.search(title):
            return ERROR
        if _says(f"{title}\n{text}", PARKED_WORDS, PARKED):
            return PARKED_KIND
        if len(text) <= SCRIPT_CHARS_MAX and _says(text, SCRIPT_WORDS, SCRIPT):
            return SCRIPTED
    if not text:
        return EMPTY
    return READABLE if _has_words(text) else SHORT


def _says(text: str, words: tuple[str, ...], phrases: re.Pattern[str]) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in words) and phrases.search(lowered) is not None


def _has_words(text: str) -> bool:
    """Whether there are twenty words or more; a word of a script without spaces is two characters."""
    if len(text.split(maxsplit=SHORT_WORDS)) >= SHORT_WORDS:
        return True
    return sum(1 for _ in islice(UNSPACED.finditer(text), UNSPACED_MIN)) == UNSPACED_MIN


def effective_number(total: int, squares: int) -> float:
    """How many sites of equal size would be as concentrated: 1 / the sum of squared shares (Hill 1973, order 2).

    By how many pages there are, and the sum of each site's pages squared; 0 for none.

    >>> effective_number(10, 5**2 + 5**2), effective_number(0, 0)
    (2.0, 0.0)
    """
    return total**2 / squares if squares else 0.0


def clusters_of(bands: Bands) -> Clusters:
    """Clusters among pages, (n_pages, BANDS) of min-hash bands: those that share three of sixteen with one another.

    Of pages that share a band each is compared with the first of them only, so that a thousand copies cost a thousand
    comparisons. Texts that are 0.8 alike share three bands in 98 of 100 cases, 0.7 alike in 77, 0.5 alike in 8.
    """
    n_pages = len(bands)
    if not n_pages:
        return Clusters(0, 0, 0)
    pairs = np.concatenate([_with_the_first(bands[:, band]) for band in range(BANDS)])
    keys, shared = np.unique(pairs, return_counts=True)
    close = keys[shared >= SHARED_BANDS_MIN]
    sizes = _sizes(n_pages, zip((close // n_pages).tolist(), (close % n_pages).tolist(), strict=True))
    return Clusters(len(sizes), sum(sizes), max(sizes, default=0))


def _with_the_first(column: Bands) -> NDArray[np.int64]:
    """A number for each page and the first page with the same band, where that is another."""
    _, first, which = np.unique(column, return_index=True, return_inverse=True)
    firsts = first[which].astype(np.int64)
    pages = np.arange(len(column), dtype=np.int64)
    other = firsts != pages
    numbers: NDArray[np.int64] = firsts[other] * len(column) + pages[other]
    return numbers


def _sizes(n_pages: int, pairs: Iterable[tuple[int, int]]) -> Sequence[int]:
    """The sizes of the groups that pairs join, of two pages or more."""
    parents = list(range(n_pages))

    def root(page: int) -> int:
        while parents[page] != page:
            parents[page] = parents[parents[page]]
            page = parents[page]
        return page

    for one, other in pairs:
        parents[root(other)] = root(one)
    sizes = np.bincount([root(page) for page in range(n_pages)])
    found: list[int] = sizes[sizes > 1].tolist()
    return found
