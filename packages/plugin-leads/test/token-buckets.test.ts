import { expect, test } from "vitest";
import { addressKey, createTokenBuckets } from "../src/services/token-buckets.js";

test("a bucket gives its capacity at once, and refills with time", () => {
  const buckets = createTokenBuckets({ capacity: 3, perMinute: 6 });
  const takes = (now: number, times: number) => Array.from({ length: times }, () => buckets.take("a", now));
  expect(takes(0, 4)).toEqual([true, true, true, false]);
  expect(takes(9_999, 1)).toEqual([false]);
  expect(takes(10_000, 2)).toEqual([true, false]);
  expect(takes(3_600_000, 4)).toEqual([true, true, true, false]);
  expect(takes(0, 1)).toEqual([false]);
});

test("memory stays bounded: the key unused for longest is forgotten", () => {
  const buckets = createTokenBuckets({ capacity: 1, perMinute: 1, maxKeys: 2 });
  buckets.take("a", 0);
  buckets.take("b", 0);
  buckets.take("a", 0);
  buckets.take("c", 0);
  expect(buckets.size).toBe(2);
  expect([buckets.take("a", 0), buckets.take("c", 0)]).toEqual([false, false]);
});

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001::", "2001:db8:1:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  [undefined, "unknown"],
  ["<script>", "unknown"],
])("%s is limited as %s", (address, key) => {
  expect(addressKey(address)).toBe(key);
});
