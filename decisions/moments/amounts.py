"""Amounts and counts as people say them; amounts come as integer minor units (fen)."""

_FEN_PER_YUAN = 100
_YUAN_PER_WAN = 10_000


def yuan_zh(amount_minor: float) -> str:
    """Return an amount in Chinese: yuan, or wan from ten thousand on, to the nearest tenth.

    >>> yuan_zh(125_000_00), yuan_zh(80_000_00), yuan_zh(950_00)
    ('12.5万元', '8万元', '950元')
    """
    yuan = round(amount_minor / _FEN_PER_YUAN)
    if yuan < _YUAN_PER_WAN:
        return f"{yuan}元"
    tenths = round(yuan * 10 / _YUAN_PER_WAN)
    whole, tenth = divmod(tenths, 10)
    return f"{whole}.{tenth}万元" if tenth else f"{whole}万元"


def yuan_en(amount_minor: float) -> str:
    """Return an amount in English, in whole yuan.

    >>> yuan_en(125_000_00)
    'CNY 125,000'
    """
    return f"CNY {round(amount_minor / _FEN_PER_YUAN):,}"


def counted(count: int, one: str, many: str) -> str:
    """Return a count in English, or nothing of nothing.

    >>> counted(1, "limit query", "limit queries"), counted(0, "day", "days")
    ('1 limit query', '')
    """
    if count == 0:
        return ""
    return f"{count} {one if count == 1 else many}"
