using System.CommandLine;

namespace AnalogTorch.Examples;

/// <summary>Options of the examples that train on digits and program what they have trained.</summary>
/// <param name="epochs">What the epochs are, for the help page.</param>
internal sealed class DigitOptions(string epochs)
{
    private readonly Option<int?> epochs = Cli.Optional("--epochs", $"{epochs}", "what suits the run", 1, 10_000);
    private readonly Option<int?> images = Cli.Optional("--images", "Training images", "what suits the data", 1, 1_000_000);
    private readonly Option<int?> chips = Cli.Optional("--chips", "Chips, each with devices of its own, per training", "what suits the run", 1, 1000);

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> All => [epochs, images, chips];

    /// <summary>Those of them that are about training.</summary>
    public IReadOnlyList<Option> Training => [epochs, images];

    /// <summary>Training images; 0 for what suits the data.</summary>
    public int Images(ParseResult arguments) => arguments.GetValue(images) ?? 0;

    /// <summary>Passes over them.</summary>
    /// <param name="arguments">What the user asked for.</param>
    /// <param name="suits">What suits the run.</param>
    public int Epochs(ParseResult arguments, int suits) => arguments.GetValue(epochs) ?? suits;

    /// <summary>Chips per training: three, and one where the work is to be small, unless others were asked for.</summary>
    /// <param name="run">The run.</param>
    /// <param name="arguments">What the user asked for.</param>
    public int Chips(ExampleRun run, ParseResult arguments) => arguments.GetValue(chips) ?? (run.Options.Quick ? 1 : 3);
}
