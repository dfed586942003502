/** Who asks, in every way of asking. */
export const tenant = "acme";
/** The API key that every request carries. */
export const apiKey = "corm_benchmarkbenchmarkbenchmarkbenchmark";
export const actor = { kind: "user", id: "00000000-0000-7000-8000-000000000001" } as const;
