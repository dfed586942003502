/** Who asks, in every way of asking. */
export const tenant = "acme";
/** The API key that every request carries. */
export const apiKey = "corm_benchmarkbenchmarkbenchmarkbenchmark";
export const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
export const actor = { kind: "user", id: "00000000-0000-7000-8000-000000000001" } as const;
/** Encrypts the secrets of plugin-workflow. */
export const encryptionKeys = { bench: "qH3v0Zk1nV9c2Jx7Lw5sT8yUbR4eGdMfPaXoKiNzQ6E=" };
