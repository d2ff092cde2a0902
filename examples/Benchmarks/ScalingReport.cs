using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>How time and memory grow: plots, fitted exponents, and <c>scaling.json</c>.</summary>
internal static class ScalingReport
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Measures and writes, plot by plot, so that those that are done stay when the user stops.</summary>
    public static void Write(ExampleRun run, Machine machine, BenchmarkSettings settings)
    {
        void Progress(string what) => run.Console.WriteLine($"scaling: {what}");
        var time = new TimeScaling(machine, settings, Progress, run.Cancel);
        var memory = new MemoryScaling(settings, Progress, run.Cancel);
        run.Report.Heading("Scaling")
            .Text("Steps are whole training steps of one square layer with soft-bounds devices and 0.03 coincidences per weight and sample, beside torch's own. "
                + "Dashed lines are what the speeds of this machine allow at best. Exponents are those of power laws fitted by least squares to the logarithms.");
        var done = new JsonArray();
        time.WarmUp();
        foreach (var measure in new Func<ScalingPlot>[] { time.OverSize, time.OverBatch, time.OverThreads, memory.Run })
        {
            var plot = measure();
            done.Add(ToJson(plot));
            Add(run, plot);
            AtomicFile.Write(Path.Combine(Path.GetFullPath(run.Options.Output), "scaling.json"),
                new JsonObject { ["machine"] = machine.ToJson(), ["plots"] = done.DeepClone() }.ToJsonString(Indented) + "\n");
        }
    }

    private static void Add(ExampleRun run, ScalingPlot plot)
    {
        var exponents = string.Join(", ", plot.Curves.Where(curve => double.IsFinite(curve.Exponent)).Select(curve => string.Create(CultureInfo.InvariantCulture, $"{curve.Name} {curve.Exponent:F2}")));
        var caption = exponents.Length > 0 ? $"Fitted exponents: {exponents}." : "One point, so no exponent.";
        run.Console.WriteLine($"scaling: {plot.Name}: {caption}");
        run.Report.Plot(LogPlots.Curves(plot.XLabel, plot.YLabel, [.. plot.Curves.Select(curve => curve.ToCurve())], [.. plot.Bounds.Select(curve => curve.ToCurve())]), caption)
            .Table([plot.XLabel, .. plot.Curves.Select(curve => curve.Name)],
                plot.Curves.MaxBy(curve => curve.X.Length)!.X.Select((x, i) => (IReadOnlyList<string>)[Number(x), .. plot.Curves.Select(curve => i < curve.Y.Length ? Number(curve.Y[i]) : "")]));
        foreach (var note in plot.Notes)
        {
            run.Console.WriteLine($"scaling: {note}");
            run.Report.Text(note);
        }
    }

    private static JsonObject ToJson(ScalingPlot plot) => new()
    {
        ["name"] = plot.Name,
        ["x"] = plot.XLabel,
        ["y"] = plot.YLabel,
        ["curves"] = new JsonArray([.. plot.Curves.Select(curve => (JsonNode)curve.ToJson())]),
        ["bounds"] = new JsonArray([.. plot.Bounds.Select(curve => (JsonNode)curve.ToJson())]),
        ["notes"] = new JsonArray([.. plot.Notes.Select(note => (JsonNode)note)]),
    };

    private static string Number(double value) => value.ToString("G3", CultureInfo.InvariantCulture);
}
