import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { createGate } from "../../util/gate.js";
import { HashingBusy } from "../errors.js";

/** OWASP's first choice of parameters for scrypt: 128 MiB and some 0.4 s of one core for one password. */
export const DEFAULT_COST = 17;
const BLOCK = 8;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/;

/**
 * One for the process, whose memory it guards: two hashes take 256 MiB, and leave threads of the pool to files and
 * names. Who comes when eight are waiting is sent away, since he would wait for seconds.
 */
export const hashingGate = createGate({ running: 2, waiting: 8 });

/**
 * A salted scrypt hash in PHC form. Text is compared in its compatibility form (NFKC), however a keyboard makes it.
 *
 * @param cost binary logarithm of the work
 * @throws hashing-busy where too many are waiting
 */
export async function hashPassword(password: string, cost = DEFAULT_COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, { cost, block: BLOCK, parallel: 1 }, KEY_BYTES);
  return phc(cost, salt, key);
}

/**
 * Whether the password is the hashed one, and whether the hash is of other parameters than today's. Without a hash it
 * does the same work and says no: how long an answer takes must not tell whether there is such a user.
 *
 * @throws hashing-busy where too many are waiting
 */
export async function verifyPassword(
  password: string,
  hash: string | null | undefined,
  cost = DEFAULT_COST,
): Promise<{ readonly matches: boolean; readonly outdated: boolean }> {
  const parts = PHC.exec(hash ?? "");
  const parameters = parts
    ? { cost: Number(parts[1]), block: Number(parts[2]), parallel: Number(parts[3]) }
    : { cost, block: BLOCK, parallel: 1 };
  const salt = parts ? Buffer.from(parts[4] as string, "base64") : Buffer.alloc(SALT_BYTES);
  const wanted = parts ? Buffer.from(parts[5] as string, "base64") : Buffer.alloc(KEY_BYTES);
  const key = await derive(password, salt, parameters, wanted.byteLength);
  const matches = timingSafeEqual(key, wanted) && parts !== null;
  const current = parameters.cost === cost && parameters.block === BLOCK && parameters.parallel === 1;
  return { matches, outdated: matches && !current };
}

interface Parameters {
  readonly cost: number;
  readonly block: number;
  readonly parallel: number;
}

function derive(
  password: string,
  salt: Buffer,
  { cost, block, parallel }: Parameters,
  bytes: number,
): Promise<Buffer> {
  const N = 2 ** cost;
  const options: ScryptOptions = { N, r: block, p: parallel, maxmem: 256 * N * block };
  const derived = hashingGate.run(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(password.normalize("NFKC"), salt, bytes, options, (error, key) =>
          error ? reject(error) : resolve(key),
        );
      }),
  );
  if (!derived) throw HashingBusy({});
  return derived;
}

function phc(cost: number, salt: Buffer, key: Buffer): string {
  const text = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");
  return `$scrypt$ln=${cost},r=${BLOCK},p=1$${text(salt)}$${text(key)}`;
}
