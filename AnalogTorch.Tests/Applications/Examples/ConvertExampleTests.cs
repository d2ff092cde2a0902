using System.Text.Json.Nodes;
using AnalogTorch.Examples;
using AnalogTorch.Examples.Convert;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Weights;
using Spectre.Console;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Examples;

public sealed class ConvertExampleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AnArchitectureBecomesATable()
    {
        var (code, output, _) = Run("squeezenet1_1", "--tile", "256x256");
        Assert.Equal(0, code);
        Assert.Contains("features.12.expand3x3  Conv2d  576 → 256", output, StringComparison.Ordinal);
        var rows = JsonNode.Parse(File.ReadAllText(folder.At("out", "metrics.json")))!["rows"]!.AsArray();
        Assert.Equal(27, rows.Count); // 26 convolutions and their sum
        Assert.Equal(1_235_496, (long)rows[^1]!["weights"]!);
        Assert.Equal(Math.Ceiling(577 / 256.0), (double)rows.Single(row => (string)row!["name"]! == "features.12.expand3x3")!["tiles"]!);
    }

    [Fact]
    public void AFileTellsItsArchitecture()
    {
        using (var network = Zoo.Create("resnet20_cifar", seed: 3))
            network.SaveWeights(folder.At("mine.pth"));
        var (code, output, _) = Run(folder.At("mine.pth"), "--hardware", "hardware-aware", "--digital", "conv1", "linear");
        Assert.Equal(0, code);
        Assert.Contains("mine.pth: PyTorch, 116 tensors", output, StringComparison.Ordinal);
        Assert.Contains("mine.pth: 116 loaded", output, StringComparison.Ordinal);
        Assert.Contains("left digital by the rule for 'conv1'", output, StringComparison.Ordinal);
    }

    /// <summary>A file that fits no architecture is known as such by its numbers: no network is built for it.</summary>
    [Fact]
    public void AFileThatFitsNothingIsAnsweredAtOnce()
    {
        using (var network = Sequential(("fc", Linear(3, 2))))
            network.SaveWeights(folder.At("resnet18.safetensors"));
        var (code, output, error) = Run(folder.At("resnet18.safetensors"));
        Assert.Equal(1, code);
        Assert.Contains("holds 8 numbers and fits none of alexnet, ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Building", output, StringComparison.Ordinal);
    }

    /// <summary>A file with the numbers of an architecture under other names is compared with that one alone.</summary>
    [Fact]
    public void OnlyWhatCouldFitIsBuilt()
    {
        using (var network = Sequential(("other", Linear(Zoo.Find("resnet8_cifar").Elements!.Value, 1, hasBias: false))))
            network.SaveWeights(folder.At("mine.pth"));
        var (_, output, error) = Run(folder.At("mine.pth"));
        Assert.Contains("fits none of", error, StringComparison.Ordinal);
        Assert.Equal(["resnet8_cifar"], output.Split('\n').Where(line => line.StartsWith("Building", StringComparison.Ordinal)).Select(line => line.Split(' ')[1].TrimEnd(',')));
    }

    [Theory]
    [InlineData("'nonsense' is neither a file nor an architecture", "nonsense")]
    [InlineData("--tile must be inputs x outputs", "squeezenet1_1", "--tile", "5")]
    [InlineData("--hardware must be one of", "squeezenet1_1", "--hardware", "gold")]
    [InlineData("The rule for 'head' is about no layer", "squeezenet1_1", "--digital", "head")]
    [InlineData("leave --model out", "squeezenet1_1", "--model", "alexnet")]
    public void WrongArgumentsGetASentence(string message, params string[] arguments)
    {
        var (code, _, error) = Run(arguments);
        Assert.Equal(2, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    private (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Interactive = InteractionSupport.No });
        console.Profile.Width = 240;
        var code = new ExampleProgram([new ConvertExample()], output, error, console).Run(["convert", .. arguments, "--out", folder.At("out")]);
        return (code, output.ToString(), error.ToString());
    }
}
