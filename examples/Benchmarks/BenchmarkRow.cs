namespace AnalogTorch.Examples.Benchmarks;

/// <summary>One line of the table.</summary>
/// <param name="Name">Its name in figures and on the command line.</param>
/// <param name="What">What is measured, against what.</param>
/// <param name="Unit">What the ratio is in: times the digital step, or bytes per weight.</param>
/// <param name="Bound">The ratio that must not be exceeded.</param>
/// <param name="Aim">The ratio to be reached.</param>
/// <param name="Measure">Does the measuring.</param>
internal sealed record BenchmarkRow(string Name, string What, string Unit, double Bound, double Aim, Func<BenchmarkBench, RowResult> Measure)
{
    /// <summary>Times the digital step.</summary>
    public const string Times = "×";

    /// <summary>Bytes per weight.</summary>
    public const string Bytes = "bytes/weight";
}

/// <summary>What a row gave.</summary>
/// <param name="Ratio">Median of analog over digital, or bytes per weight.</param>
/// <param name="Low">Lower quartile.</param>
/// <param name="High">Upper quartile.</param>
/// <param name="DigitalSeconds">Median time of a digital step; not a number where there is none.</param>
/// <param name="AnalogSeconds">Median time of the analog work of a step.</param>
/// <param name="Figures">What else was found.</param>
internal sealed record RowResult(double Ratio, double Low, double High, double DigitalSeconds, double AnalogSeconds, IReadOnlyList<(string Name, double Value)> Figures);
