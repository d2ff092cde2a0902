using System.CommandLine;
using AnalogTorch.Examples;
using Spectre.Console;

namespace AnalogTorch.Tests.Examples;

/// <summary>An example that does what a test wants, and a program around it whose output can be read.</summary>
internal sealed class StubExample(Action<ExampleRun, ParseResult> work) : Example
{
    public static readonly Option<int> Epochs = Cli.Integer("--epochs", "Epochs", 2, 1, 100);
    public static readonly Option<string> Dataset = Cli.Choice("--dataset", "Data", "digits", "backrand");
    public static readonly Option<double> Rate = Cli.Number("--rate", "Learning rate", 0.1, 0, 10);

    public override string Name => "stub";

    public override string Description => "Does what a test wants.";

    public override IReadOnlyList<Option> Options => [Epochs, Dataset, Rate];

    public override void Run(ExampleRun run, ParseResult arguments) => work(run, arguments);

    /// <summary>Runs a program of one example and returns what the shell would see.</summary>
    public static (int Code, string Output, string Error) Invoke(
        Action<ExampleRun, ParseResult> work, CancellationToken cancel = default, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var console = Plain(output);
        var code = new ExampleProgram([new StubExample(work)], output, error, console).Run(arguments, cancel);
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>A console without a terminal.</summary>
    public static IAnsiConsole Plain(TextWriter output) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.No,
        ColorSystem = ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(output),
    });
}
