"""A feature of relations in words."""

from features.relation_definitions import EdgeFeature, Points, RelationFeature, ToldFeature


def relation_words(feature: RelationFeature) -> str:
    """Return what a feature of relations is, in one clause.

    >>> from features.catalogue_relations import RELATED
    >>> by_name = {feature.name: feature for feature in RELATED}
    >>> relation_words(by_name["guarantee_cnt"])
    'count of valid edges guarantor, outwards'
    >>> relation_words(by_name["enterprise_red_flag"])
    'highest enterprise_flag that a neighbour told, its last word'
    """
    if isinstance(feature, EdgeFeature):
        what = "count" if feature.aggregation == "count" else "highest confidence"
        way = f", {feature.direction}wards" if feature.direction else ""
        return f"{what} of valid edges {', '.join(sorted(feature.where))}{way}"
    if isinstance(feature, ToldFeature):
        return f"{feature.aggregation} {feature.fact} that a neighbour told, its last word"
    return " + ".join(_points(points) for points in feature.points) + ", at most 1"


def _points(points: Points) -> str:
    each, most = points.each_bps / 10_000, points.at_most_bps / 10_000
    over = f"({points.feature} above {points.above})" if points.above else points.feature
    return f"{each:g} * {over} up to {most:g}"
