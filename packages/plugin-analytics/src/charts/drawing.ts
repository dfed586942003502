/// <reference path="./echarts-build.d.ts" />

// The build in one file: the modules that our charts are made of, one by one, take five times as long to load.
export { init } from "echarts/dist/echarts.esm.min.mjs";
