// npm drops an optional platform package from package-lock.json when it cannot fetch it at the time of
// writing, and `npm ci` then refuses the file on every machine. This adds the missing entries.
import { readFileSync, writeFileSync } from "node:fs";

const OS = { windows: "win32", linux: "linux", darwin: "darwin", win32: "win32", android: "android" };
const CPU = { 64: "x64" };
const LIBC = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (/^\d/.test(version)) lock.packages[path] ??= platformEntry(name, version, parent);
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
lock.packages = Object.fromEntries(sorted);
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);

/** Such packages are called `<scope>/<prefix>-<os>-<cpu>[-<libc>]`. */
function platformEntry(name, version, { dev, license }) {
  const [os, cpu, abi] = name.replace(/^.*\/(cli-|rollup-)?/, "").split("-");
  const libc = os === "linux" ? (LIBC[abi] ?? (name.includes("musl") ? "musl" : undefined)) : undefined;
  return {
    version,
    cpu: [CPU[cpu] ?? cpu],
    ...(dev ? { dev } : {}),
    ...(libc ? { libc: [libc] } : {}),
    license,
    optional: true,
    os: [OS[os] ?? os],
  };
}
