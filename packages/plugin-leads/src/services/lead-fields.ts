/** What a visitor may fill in about himself. Everything else of a lead is for people and plugins inside. */
const CAPTURABLE = [
  "firstName",
  "lastName",
  "title",
  "company",
  "email",
  "phone",
  "website",
  "industry",
  "country",
  "notes",
];

/** Names of lead fields that forms may fill, with those that the app allows on top. */
export function capturableFields(extra: readonly string[]): ReadonlySet<string> {
  return new Set([...CAPTURABLE, ...extra.filter((name) => !RESERVED.has(name))]);
}

/** What only `lead.convert` and capture set. */
export const CONVERSION_FIELDS = [
  "convertedAt",
  "convertedAccountId",
  "convertedContactId",
  "convertedOpportunityId",
] as const;

/** Fields that no form may fill, whatever the app allows. */
export const RESERVED: ReadonlySet<string> = new Set([
  ...CONVERSION_FIELDS,
  "captureKey",
  "status",
  "score",
  "grade",
  "poolId",
  "recycleCount",
  "lastHolderId",
  "sourceId",
  "ownerId",
  "teamId",
  "externalId",
]);
