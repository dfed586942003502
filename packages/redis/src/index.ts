export { type Consumer, type ConsumerOptions, createConsumer } from "./consumer.js";
export { type RedisLimiterOptions, redisLimiter } from "./rate-limiter.js";
export { type RedisCacheOptions, redisCache } from "./redis-cache.js";
export { createRelay, type Relay, type RelayOptions } from "./relay.js";
