using System.Text.Json.Nodes;
using AnalogTorch.Examples;
using AnalogTorch.Examples.Benchmarks;

namespace AnalogTorch.Tests.Examples;

/// <summary>What the benchmark's command takes and leaves; how fast things are is not asked here.</summary>
public sealed class BenchmarkExampleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void RowHasTheAgreedForm()
    {
        var (code, output, error) = Run("--quick", "--rows", "forward-8-bit");
        Assert.Equal("", error);
        Assert.Equal(ExampleProgram.Success, code);
        Assert.Contains("forward-8-bit", output, StringComparison.Ordinal);

        var metrics = Metrics();
        Assert.Equal("benchmark", (string?)metrics["example"]);
        Assert.True((bool)metrics["complete"]!);
        Assert.Equal(1, (int)metrics["config"]!["threads"]!);
        Assert.True((double)metrics["config"]!["copy_bytes_per_second"]! > 0);
        var row = Assert.Single(metrics["rows"]!.AsArray())!.AsObject();
        Assert.Equal(
            ["name", "ratio", "ratio_low", "ratio_high", "bound", "aim", "digital_seconds", "analog_seconds", "unit", "within_bound", "within_aim",
                "ratio_cpu", "managed_bytes_per_step", "native_bytes_kept_per_step", "tensors_per_step"],
            row.Select(figure => figure.Key));
        Assert.Equal("forward-8-bit", (string?)row["name"]);
        Assert.Equal((1.3, 1.1), ((double)row["bound"]!, (double)row["aim"]!));
        Assert.True((double)row["ratio_low"]! <= (double)row["ratio"]! && (double)row["ratio"]! <= (double)row["ratio_high"]!);
        Assert.True((double)row["digital_seconds"]! > 0 && (double)row["analog_seconds"]! > 0);
        Assert.Equal(["out/metrics.json", "out/report.html"], folder.Files().Select(file => file.Replace('\\', '/')));
        Assert.Contains("forward-8-bit", File.ReadAllText(folder.At("out", "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void UpdateSendsAsManyPulsesAsItsNameSays()
    {
        Run("--quick", "--rows", "update-0.03");
        Assert.InRange((double)Metrics()["rows"]![0]!["pulses_per_weight_and_sample"]!, 0.029, 0.031);
    }

    [Fact]
    public void MemoryIsWeighedInAnotherProcess()
    {
        Run("--quick", "--rows", "memory-constant-step");
        var row = Metrics()["rows"]![0]!;
        Assert.Null(row["digital_seconds"]);
        Assert.InRange((double)row["bytes_per_weight"]!, 8, 100); // a value and a weight at least
        Assert.True((double)row["ratio"]! >= (double)row["bytes_per_weight"]!);
    }

    [Theory]
    [InlineData("--rows must be made of update-0.4, ", "--rows", "updates")]
    [InlineData("--threads must be a whole number", "--threads", "0")]
    public void WrongCommandLineIsAnsweredByOneSentence(string part, params string[] arguments)
    {
        var (code, _, error) = Run(arguments);
        Assert.Equal(ExampleProgram.Usage, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void SeveralSeedsAreRefused()
    {
        var (code, _, error) = Run("--seeds", "2");
        Assert.Equal(ExampleProgram.Usage, code);
        Assert.StartsWith("--seeds must be 1", error);
    }

    [Fact]
    public void StoppedRunHasNoRowThatIsNotComplete()
    {
        using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        var (code, _, error) = Run(cancel.Token, "--rows", "update-0.4,update-0.03");
        Assert.Equal(ExampleProgram.Cancelled, code);
        Assert.StartsWith("Stopped", error);
        Assert.Empty(folder.Files());
    }

    [Fact]
    public void EveryLineOfTheTableHasABoundAboveItsAim() =>
        Assert.All(BenchmarkTable.Rows, row => Assert.True(row.Aim < row.Bound, row.Name));

    [Fact]
    public void PowerLawIsFound()
    {
        double[] x = [1, 10, 100];
        var law = PowerLaw.Fit(x, [.. x.Select(value => 3 * Math.Pow(value, 1.5))]);
        Assert.Equal(3, law.Factor, 9);
        Assert.Equal(1.5, law.Exponent, 9);
        Assert.Equal(double.NaN, PowerLaw.Fit([2], [5]).Exponent);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.25, 1.75)]
    [InlineData(0.5, 2.5)]
    [InlineData(1, 4)]
    public void QuantilesLieBetweenTheValues(double share, double expected) => Assert.Equal(expected, Quantiles.Of([4, 1, 3, 2], share), 12);

    private JsonNode Metrics() => JsonNode.Parse(File.ReadAllText(folder.At("out", "metrics.json")))!;

    private (int Code, string Output, string Error) Run(params string[] arguments) => Run(CancellationToken.None, arguments);

    private (int Code, string Output, string Error) Run(CancellationToken cancel, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var console = StubExample.Plain(output);
        var code = new ExampleProgram([new BenchmarkExample()], output, error, console).Run(["benchmark", "--out", folder.At("out"), .. arguments], cancel);
        return (code, output.ToString(), error.ToString());
    }
}
