export { createTestCrm, type TestCrm, type TestCrmOptions } from "./create-test-crm.js";
