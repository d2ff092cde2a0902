using Spectre.Console;

namespace AnalogTorch.Examples.Transfer;

/// <summary>Figures, tables and plots of a transfer.</summary>
internal static class TransferReport
{
    /// <summary>Accuracies of one deployment of a network, over seeds and chips.</summary>
    private sealed record Deployment(string Network, string Name, double[] Accuracies, double Digital)
    {
        public double Mean => Accuracies.Average();
    }

    /// <summary>Writes what the trainings gave into console, figures and report.</summary>
    /// <param name="run">The run.</param>
    /// <param name="trainings">The trainings.</param>
    /// <param name="tested">Test images.</param>
    public static void Write(ExampleRun run, IReadOnlyList<TransferResult> trainings, long tested)
    {
        if (trainings.Count == 0)
            return;
        var heads = Summary<TransferResult>.Of(TransferWay.Heads.Select(way => way.Name), trainings, TransferWay.Digital.Name, tested);
        var networks = new[] { TransferWay.Plain, TransferWay.Aware }.Select(way => trainings.Where(training => training.Way == way.Name).ToArray()).Where(group => group.Length > 0).ToArray();
        var inMemory = trainings.Where(training => training.Way == TransferWay.InMemory.Name).ToArray();
        if (heads.Count > 0)
            Heads(run, heads);
        if (networks.Length > 0)
            Networks(run, networks, tested);
        if (inMemory.Length > 0)
            InMemory(run, inMemory);
        foreach (var training in heads.Select(row => row.Runs[0]).Concat(inMemory.Take(1)))
            if (training.Layers is { } layers)
                LayerTable.Write(run.Report, training.Way, layers);
        run.ReportConfig();
    }

    private static void Heads(ExampleRun run, IReadOnlyList<Summary<TransferResult>> rows)
    {
        foreach (var row in rows)
            run.AddRow(row.Way, [.. row.Figures, .. LayerTable.Figures(row.Runs[0].Layers)]);
        SideBySide.Show(run.Console, rows, TransferWay.Digital.Name);
        var epochs = rows[0].Runs[0].Accuracy.Length;
        run.Report.Heading("A new last layer on frozen features")
            .Text($"Share of the test images that the last layer gets right{TrainingResult.Averaging(epochs)}. Every way sees the same features in the same order.")
            .Text(Summary<TransferResult>.Meaning(rows, TransferWay.Digital.Name))
            .Table(Summary<TransferResult>.Columns, rows.Select(row => row.Cells(TransferWay.Digital.Name)))
            .Plot(Plots.Bars("test accuracy [%]", "F2", [.. rows.Select(row => new Column(row.Way, 100 * row.Mean, 100 * row.Std))])
                .Between(Math.Max(0, Math.Floor(100 * rows.Min(row => row.Mean)) - 2), 100), "The ways beside each other. The axis does not start at 0.");
        if (epochs > 1)
            run.Report.Plot(Plots.Lines("epoch", "test accuracy [%]", [.. rows.Select(row => row.PerEpoch(result => result.Accuracy, 100))]), "Accuracy from epoch to epoch.");
    }

    private static void Networks(ExampleRun run, IReadOnlyList<TransferResult[]> networks, long tested)
    {
        var deployments = networks.SelectMany(group => FineTuneTask.Deployments.Select(deployment => new Deployment(
            group[0].Way, deployment.Name, [.. group.SelectMany(training => training.Chips![deployment.Name])], group.Average(training => training.Accuracy[^1])))).ToArray();
        foreach (var group in networks)
        {
            var digital = group.Select(training => training.Accuracy[^1]).ToArray();
            run.AddRow(group[0].Way, ("test_accuracy", digital.Average()), ("test_accuracy_std", Numbers.Deviation(digital)), ("seconds", group.Average(training => training.Seconds)), ("seeds", group.Length));
            foreach (var deployment in deployments.Where(deployment => deployment.Network == group[0].Way))
            {
                run.AddRow($"{deployment.Network}-{deployment.Name}", ("test_accuracy", deployment.Mean), ("test_accuracy_std", Numbers.Deviation(deployment.Accuracies)),
                    ("lost_to_digital_self", deployment.Digital - deployment.Mean), ("evaluations", deployment.Accuracies.Length));
            }
        }
        string[] columns = ["network", "digital", .. FineTuneTask.Deployments.Select(deployment => Title(deployment.Name, deployment.Time))];
        var cells = networks.Select(group => (string[])
        [
            group[0].Way, Confidence.Percent([.. group.Select(training => training.Accuracy[^1])], tested),
            .. deployments.Where(deployment => deployment.Network == group[0].Way).Select(deployment =>
                $"{Confidence.Percent(deployment.Accuracies, tested)}, {Difference.Of(deployment.Accuracies, Enumerable.Repeat(deployment.Digital, deployment.Accuracies.Length).ToArray(), tested)}"),
        ]).ToArray();
        ConsoleTable.Write(run.Console, columns, cells);
        run.Report.Heading("The whole network, fine-tuned and programmed")
            .Text("Backbone and last layer are trained together, without (plain) and with (hwa) the converters and the noise of the hardware, then written once into pairs of phase-change devices. "
                + $"Means over {deployments[0].Accuracies.Length} evaluations, each on a chip of its own, with what is lost against the same network in floating point. "
                + "Compensation is one factor a layer, and statistics of batch norm taken anew where the network has it.")
            .Table(columns, cells)
            .Plot(Plots.Bars("test accuracy [%]", "F1",
                [.. networks.SelectMany(group => deployments.Where(deployment => deployment.Network == group[0].Way)
                    .Select(deployment => new Column($"{deployment.Network} {Short(deployment.Name)}", 100 * deployment.Mean, 100 * Numbers.Deviation(deployment.Accuracies)))
                    .Prepend(new Column($"{group[0].Way} digital", 100 * group.Average(training => training.Accuracy[^1]), 0)))]), "The deployments beside each other: right after programming (now), a day later without compensation (day raw), and with it.", 1100)
            .Plot(Plots.Lines("epoch", "test accuracy [%]", [.. networks.Select(group => new Curve(
                group[0].Way, [.. Enumerable.Range(1, group[0].Accuracy.Length).Select(epoch => (double)epoch)],
                [.. Enumerable.Range(0, group[0].Accuracy.Length).Select(epoch => 100 * group.Average(training => training.Accuracy[epoch]))]))]),
                "Fine-tuning, from epoch to epoch; hwa is tested with the noise, but for the last epoch.");
    }

    private static void InMemory(ExampleRun run, TransferResult[] trainings)
    {
        var final = trainings.Select(training => training.Accuracy[^1]).ToArray();
        run.AddRow(TransferWay.InMemory.Name, [("test_accuracy", final.Average()), ("test_accuracy_std", Numbers.Deviation(final)), ("seconds", trainings.Average(training => training.Seconds)), ("seeds", final.Length), .. LayerTable.Figures(trainings[0].Layers)]);
        run.Console.WriteLine($"Whole network trained in memory: {Numbers.Percent(final.Average())} after {SideBySide.Count(trainings[0].Accuracy.Length, "epoch")}.");
        run.Report.Heading("The whole network trained in memory")
            .Text("All layers are on 2T2R+3T1C cells from the pretrained weights on, and every step sends pulses to all of them.")
            .Plot(Plots.Lines("epoch", "test accuracy [%]", [.. trainings.Select(training => new Curve(
                $"seed {training.Seed}", [.. Enumerable.Range(1, training.Accuracy.Length).Select(epoch => (double)epoch)], [.. training.Accuracy.Select(value => 100 * value)]))]), "Accuracy from epoch to epoch.");
    }

    /// <summary>A name that fits below a bar.</summary>
    private static string Short(string name) => name switch
    {
        "programmed" => "now",
        "day-uncompensated" => "day raw",
        _ => name,
    };

    private static string Title(string name, double time) => name switch
    {
        "programmed" => "programmed",
        _ when name.EndsWith("uncompensated", StringComparison.Ordinal) => $"{TimeAxis.Text(time)}, uncompensated",
        _ => TimeAxis.Text(time),
    };
}
