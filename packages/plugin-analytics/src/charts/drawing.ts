import { BarChart, FunnelChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

// Only what our charts are made of: the whole library takes three times as long to load.
use([BarChart, FunnelChart, LineChart, GridComponent, LegendComponent, SVGRenderer]);

export { init };
