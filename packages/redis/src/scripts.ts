/**
 * Publishes a batch if the broker has everything before it, all or nothing. KEYS: heads, then the streams. ARGV: tenant,
 * the position before the batch, the position after it, then (number of the stream from 1, position, entry) each.
 * Answers the head as it was; it equals the position before the batch where the batch went in.
 */
export const PUBLISH = `
local head = redis.call('HGET', KEYS[1], ARGV[1]) or '0'
if head ~= ARGV[2] then return head end
for i = 4, #ARGV, 3 do
  redis.call('XADD', KEYS[1 + tonumber(ARGV[i])], '*', 't', ARGV[1], 'p', ARGV[i + 1], 'e', ARGV[i + 2])
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return head
`;

/** Takes or renews a lock. KEYS: lock. ARGV: holder, milliseconds. Answers 1 where the holder has it. */
export const HOLD = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;

/** Gives a lock back. KEYS: lock. ARGV: holder. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
`;
