using System.Globalization;
using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;

namespace AnalogTorch.Examples.Mnist;

/// <summary>The report of the MNIST example.</summary>
internal static class MnistReport
{
    private const double ToMicro = 1 / Units.uS;
    /// <summary>Writes what the trainings gave.</summary>
    public static void Write(ExampleRun run, IReadOnlyList<Summary<MnistResult>> rows, IReadOnlyList<Way> chosen)
    {
        if (rows.Count == 0)
            return;
        var report = run.Report;
        report.Heading("Accuracy")
            .Text(string.Create(CultureInfo.InvariantCulture, $"Share of the test images that the network gets right{TrainingResult.Averaging(rows[0].Runs[0].Accuracy.Length)}."))
            .Text(Summary<MnistResult>.Meaning(rows, Way.Digital.Name))
            .Table(Summary<MnistResult>.Columns, rows.Select(row => row.Cells(Way.Digital.Name)))
            .Plot(Plots.Bars("test accuracy [%]", "F2", [.. rows.Select(row => new Column(row.Way, 100 * row.Mean, 100 * row.Std))])
                .Between(Math.Max(0, Math.Floor(100 * rows.Min(row => row.Mean)) - 4), 100), "The ladder: each rung adds what the one below it lacks. The axis does not start at 0.")
            .Plot(Plots.Lines("epoch", "test accuracy [%]", [.. rows.Select(row => row.PerEpoch(result => result.Accuracy, 100))]), "Accuracy from epoch to epoch.");

        if (chosen.Any(way => way.Hardware?.Cell is MspLspCell))
            WhyInversion(report, rows, run.Options.Seed);
        foreach (var row in rows)
            if (row.Runs[0].Findings is { } findings)
                Hardware(report, chosen.Single(way => way.Name == row.Way), findings);
        Responses(report, chosen, run.Options.Seed);
        run.ReportConfig();
    }

    private static void WhyInversion(HtmlReport report, IReadOnlyList<Summary<MnistResult>> rows, long seed)
    {
        const int Intervals = 12;
        double[] intervals = [.. Enumerable.Range(1, Intervals).Select(interval => (double)interval)];
        report.Heading("Why the polarity is inverted")
            .Text("The transistors that charge and discharge a capacitor differ by 20 %, so as many upward as downward pulses leave a change behind. "
                + "With the polarity fixed the changes of all transfer intervals add up, training has to work against them, and weights grow. "
                + "With the polarity flipped at every transfer, one interval takes back what the one before it added.")
            .Plot(Plots.Lines("transfer intervals of 1,000 zero-sum pulses", "rms change of the weight [µS]",
                new Curve("fixed polarity", intervals, [.. ZeroSum.Drift(new FixedPolarity(), Intervals, seed).Select(siemens => siemens * ToMicro)]),
                new Curve("inverted at every transfer", intervals, [.. ZeroSum.Drift(new AlternatingPolarity(), Intervals, seed).Select(siemens => siemens * ToMicro)])),
                "Cells that are told to do nothing: 4,096 cells with 20 % mismatch, without leakage, transfers exact.")
            .Plot(Plots.Lines("epoch", "mean |w|, first layer [1]", [.. rows.Select(row => row.PerEpoch(result => result.MeanWeight, 1))]),
                "Mean magnitude of the weights of the first layer during training.");
    }

    private static void Hardware(HtmlReport report, Way way, Findings findings)
    {
        report.Heading($"The devices of {way.Name}, first layer");
        var conductances = way.Hardware!.Cell is not SingleDevice;
        report.Plot(conductances
                ? Plots.Histogram("conductance [µS]", 80, [.. findings.Observables.Select(sample => sample with { Values = [.. sample.Values.Select(siemens => siemens * ToMicro)] })])
                : Plots.Histogram("value [1]", 80, [.. findings.Observables]),
            "What the devices hold at the end.");
        if (findings is { Early: { } early, Late: { } late })
        {
            var images = early.Images.ToString("N0", CultureInfo.InvariantCulture);
            report.Plot(Plots.Histogram("pulses of either direction per weight", 80, new Sample($"first {images} images", early.Total), new Sample($"last {images} images", late.Total)),
                    "How many pulses a weight received.")
                .Plot(Plots.Histogram("upward less downward pulses per weight", 80, new Sample($"first {images} images", early.Net), new Sample($"last {images} images", late.Net)),
                    "How many of them were left over.");
        }
        if (conductances)
            report.Plot(Plots.Against("w before [1]", "w after [1]", findings.BeforeTransfer, findings.AfterTransfer),
                way.Hardware.Cell is MspLspCell ? "Weights before and after a transfer with its correction." : "Weights before and after a RESET of all pairs and writing them again.");
    }

    private static void Responses(HtmlReport report, IReadOnlyList<Way> chosen, long seed)
    {
        var cells = chosen.Select(way => way.Hardware?.Cell).ToArray();
        if (!cells.Any(cell => cell is OneSidedPair or MspLspCell))
            return;
        report.Heading("Pulse responses");
        if (cells.OfType<OneSidedPair>().FirstOrDefault() is { } pair)
            report.Plot(Plots.PulseResponse("G [µS]", PulseResponses.Of(pair.Device, up: 20, down: 0, count: 6, seed)),
                "Phase-change devices under SET pulses after RESET: on average the conductance rises, in large steps that shrink; a single step scatters so much that it may lower it.");
        if (cells.OfType<MspLspCell>().FirstOrDefault() is { } cell)
            report.Plot(Plots.PulseResponse("g [µS]", PulseResponses.Of(cell.Capacitor, up: 150, down: 200, count: 6, seed)),
                "Gated capacitors under 150 upward and 200 downward pulses: small, steady steps, different up and down from cell to cell.");
    }
}
