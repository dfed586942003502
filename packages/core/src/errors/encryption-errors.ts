import { defineError } from "./define-error.js";

export const EncryptionNotConfigured = defineError<{ fields: readonly string[] }>(
  "encryption-not-configured",
  {
    status: 500,
    title: "Fields are encrypted, but there is no key",
    detail: ({ fields }) =>
      `${fields.join(", ")} ${fields.length === 1 ? "is" : "are"} declared encrypted(), but createCrm got no key. Give createCrm({ encryption: { keys: keysFromEnv("CORM_KEYS") } }); make a key with: openssl rand -base64 32`,
  },
);

export const EncryptionKeyUnusable = defineError<{ key: string; reason: string }>("encryption-key-unusable", {
  status: 500,
  title: "An encryption key cannot be used",
  detail: ({ key, reason }) =>
    `The encryption key "${key}" ${reason}. Make one with: openssl rand -base64 32`,
});

export const EncryptionKeyMissing = defineError<{ key: string }>("encryption-key-missing", {
  status: 500,
  title: "An encryption key is missing",
  detail: ({ key }) =>
    `Data is encrypted under the key "${key}", which this process does not have. Add it beside the current key, and run rotateKeys before it is taken away.`,
});

export const DecryptionFailed = defineError<{ entity: string; field: string; id: string }>(
  "decryption-failed",
  {
    status: 500,
    title: "An encrypted value cannot be read",
    detail: ({ entity, field, id }) =>
      `The stored value of "${entity}.${field}" of ${id} is not what was written there: it was changed, moved from another record, or wrapped by another key. Restore it from a backup.`,
  },
);
