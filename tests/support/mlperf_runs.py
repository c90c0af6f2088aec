"""What LoadGen's detail log says of two edge runs, as far as other results are inferred from it."""

STREAM = {
    "effective_scenario": "SingleStream",
    "early_stopping_latency_ms": 25_000_000,
    "result_mean_latency_ns": 20_000_000,
}
MULTI = {
    "effective_scenario": "MultiStream",
    "effective_samples_per_query": 8,
    "result_mean_query_latency_ns": 200_000_000,
    "result_mean_latency_ns": 100_000_000,
}
