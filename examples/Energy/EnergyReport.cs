using System.Globalization;
using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Examples.Benchmarks;

namespace AnalogTorch.Examples.Energy;

/// <summary>The report on cost.</summary>
internal static class EnergyReport
{
    /// <summary>Writes what known networks cost.</summary>
    public static void Write(HtmlReport report, IReadOnlyList<EnergyCase> cases)
    {
        report.Heading("What networks cost")
            .Text("Counted from a run of each network. Operations are two for each weight and read of an array, lines of biases included; digital elements cost energy and count for nothing. Time is that of the layers one after the other; densities are those of layers that all work at once on different samples. Inputs are at the nominal activity that the design is stated for.");
        foreach (var group in cases.GroupBy(entry => entry.Network))
        {
            report.Table(["on", "TOP/s/W", "energy", "time", "pipelined", "area [mm²]", "TOP/s/mm²", "devices"], group.Select(entry => (string[])
            [
                entry.Name, Text(entry.Report.TopsPerWatt), Numbers.Unit(entry.Report.JoulesPerInference, "J"), Numbers.Unit(entry.Report.SecondsPerInference, "s"), Numbers.Unit(entry.Report.PipelinedSeconds, "s"),
                Text(1e6 * entry.Report.SquareMetres), Text(entry.Report.TopsPerSquareMillimetre), entry.Report.Devices == 0 ? "" : entry.Report.Devices.ToString("N0", CultureInfo.InvariantCulture),
            ]));
            var analog = group.Where(entry => entry.Report.Hardware is DurationHardware).ToArray();
            report.Plot(EnergyPlots.Stacked("share of the energy [%]", [.. analog.Select(entry => (Short(entry.Name), Parts(entry.Report)))]), $"{group.Key}: where the energy goes.", 1100, 420);
            var layered = analog[0].Report;
            report.Plot(EnergyPlots.Stacked($"energy [{Unit(layered).Name}]", [.. layered.Layers.Where(layer => layer.Joules > 0).OrderByDescending(layer => layer.Joules).Take(8)
                .Select(layer => (End(layer.Layer.Name), layer.Energy.Where(part => part.Value > 0).ToDictionary(part => part.Key, part => part.Value / layered.Census.Samples / Unit(layered).Factor)))]),
                $"{analog[0].Name}: energy by layer and component, the eight that take most.", 1100, 420);
        }
        report.Heading("Efficiency and density")
            .Text("The further up and to the right, the better. Silicon that was built and processors stand beside the design.")
            .Plot(EnergyPlots.Cloud("density [TOP/s/mm²]", "efficiency [TOP/s/W]", [.. cases.Where(entry => entry.Name.StartsWith("mnist", StringComparison.Ordinal) || entry.Name.StartsWith("resnet18", StringComparison.Ordinal))
                .GroupBy(entry => entry.Network).Select(group => (group.Key, group.Select(entry => (Short(entry.Name), entry.Report.TopsPerSquareMillimetre, entry.Report.TopsPerWatt)).ToArray()))]),
                "Efficiency against density, both axes in orders of magnitude.", 900, 560)
            .Plot(EnergyPlots.Cloud("density [TOP/s/mm²]", "throughput of all layers at work [TOP/s]", [.. cases.Where(entry => entry.Name.StartsWith("mnist", StringComparison.Ordinal) || entry.Name.StartsWith("resnet18", StringComparison.Ordinal))
                .GroupBy(entry => entry.Network).Select(group => (group.Key, group.Select(entry => (Short(entry.Name), entry.Report.TopsPerSquareMillimetre, Throughput(entry.Report))).ToArray()))]),
                "Throughput against density: points on one rising diagonal have the same area.", 900, 560);
        Levers(report);
        report.Heading("Where the numbers come from")
            .Table(["hardware", "source"], cases.Select(entry => entry.Report.Hardware).DistinctBy(hardware => hardware.GetType()).Select(hardware => (string[])[hardware.GetType().Name, hardware.Source]));
        foreach (var entry in cases.Where(entry => entry.Name is "mnist-90nm" or "ptb-lstm-90nm"))
            report.Code(entry.Report.ToString());
    }

    /// <summary>Writes what trained networks get right and cost.</summary>
    public static void Write(HtmlReport report, IReadOnlyList<EnergyResult> results)
    {
        var swept = results.Where(result => result.Points.Length > 1).ToArray();
        var deployed = results.Where(result => result.Way != EnergyTask.Training).ToArray();
        if (deployed.Length > 0)
        {
            report.Heading("Accuracy after a day beside cost")
                .Text("Trained with the hardware's noise, programmed once, drifted for a day with one factor a layer against drift; cost on the 14 nm design, with the conductances that the arrays hold, and what the first test image drives.")
                .Table(["network", "digital", "after a day", "energy", "time", "area [mm²]", "TOP/s/W"], deployed.SelectMany(result => result.Points.Where(point => point.Name == "day").Select(point => (string[])
                    [result.Way, Numbers.Percent(result.Accuracy[^1]), Numbers.Percent(point.Accuracy), Numbers.Unit(point.Joules, "J"), Numbers.Unit(point.Seconds, "s"), Text(1e6 * point.SquareMetres), Text(point.TopsPerWatt)])));
        }
        foreach (var result in swept)
        {
            var points = result.Points.Where(point => point.Side > 0).ToArray();
            var best = points.Where(point => !points.Any(point.IsBeatenBy)).OrderBy(point => point.Joules).ToArray();
            report.Heading("What accuracy costs")
                .Text($"Chips for the {result.Way} with tiles of three sizes, outputs of {string.Join(", ", EnergyTask.Sweep.Bits)} bits, and weights that use all, half or a fifth of the conductances. Of an output circuit, the half that is a ramp of 2^bits steps is taken to cost in proportion. The line joins the chips that no other beats in both.")
                .Plot(EnergyPlots.Pareto("energy of an inference [nJ]", "test accuracy after a day [%]",
                    [.. points.GroupBy(point => point.Bits).Select(group => ($"{group.Key} bits", group.Select(point => (1e9 * point.Joules, 100 * point.Accuracy)).ToArray()))],
                    [.. best.Select(point => (1e9 * point.Joules, 100 * point.Accuracy))]), "Every point is a chip.", 900, 500)
                .Table(["chip", "after a day", "energy", "time", "area [mm²]", "TOP/s/W"], best.Select(point => (string[])
                    [point.Name, Numbers.Percent(point.Accuracy), Numbers.Unit(point.Joules, "J"), Numbers.Unit(point.Seconds, "s"), Text(1e6 * point.SquareMetres), Text(point.TopsPerWatt)]));
        }
        foreach (var result in results.Where(result => result.Way == EnergyTask.Training))
        {
            report.Heading("Training in memory")
                .Text("The 528-250-125-10 network on 2T2R+3T1C cells in 90 nm, counted over some hundred images, one by one: forward, backward, update. Operations are two for each weight in each of the three.")
                .Code(result.Points[0].Text);
        }
    }

    /// <summary>The two levers: lower conductance, and the smaller node.</summary>
    private static void Levers(HtmlReport report)
    {
        double[] factors = [1, 0.7, 0.5, 0.35, 0.2, 0.14, 0.1, 0.07, 0.05];
        var census = EnergyCase.Published().First().Report.Census;
        Curve Of(string name, DurationHardware hardware) => new(name, factors, [.. factors.Select(factor => (hardware with { Conductance = new TypicalConductance().Times(factor) }).Of(census).TopsPerWatt)]);
        report.Heading("The two levers")
            .Text("Lower conductances save what the array takes; a smaller node saves what the circuits around it take. Either alone soon meets what the other leaves.")
            .Plot(LogPlots.Curves("conductance, of that of the 90 nm design [1]", "efficiency of 528-250-125-10 [TOP/s/W]",
                [Of("90 nm", new Duration90nm()), Of("14 nm", new Duration14nm()), Of("14 nm, inputs on for half the time", new Duration14nm { OnTime = 21.5 * Units.ns })], []), "Efficiency over mean conductance.");
    }

    private static double Throughput(CostReport report) => report.Operations / report.Census.Samples / report.PipelinedSeconds / 1e12;

    private static Dictionary<CostComponent, double> Parts(CostReport report) => report.Energy.ToDictionary(part => part.Key, part => 100 * part.Value / report.JoulesPerInference);

    private static (double Factor, string Name) Unit(CostReport report) => report.JoulesPerInference > 1e-6 ? (1e-6, "µJ") : (1e-9, "nJ");

    private static string Short(string name) => name.Replace("mnist-", "").Replace("ptb-lstm-", "").Replace("resnet18-", "").Replace("squeezenet1_1-", "").Replace("conductance-", "G×").Replace("-half-time", ", t/2").Replace("-", " ");

    /// <summary>The end of a long name, which tells layers apart.</summary>
    private static string End(string name) => name.Length <= 12 ? name : "…" + name[^11..];

    private static string Text(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
