export { type Consumer, type ConsumerOptions, createConsumer } from "./consumer.js";
export { createRelay, type Relay, type RelayOptions } from "./relay.js";
