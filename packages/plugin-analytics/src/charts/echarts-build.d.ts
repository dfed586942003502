/** The library in one file, which its manifest exports without types of its own. */
declare module "echarts/dist/echarts.esm.min.mjs" {
  export { init } from "echarts";
}
