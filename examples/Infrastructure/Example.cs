using System.CommandLine;

namespace AnalogTorch.Examples;

/// <summary>One example: a subcommand of the program. To add one, derive from this and add it to <see cref="AllExamples"/>.</summary>
public abstract class Example
{
    /// <summary>The subcommand's name, in lower case.</summary>
    public abstract string Name { get; }

    /// <summary>One sentence for the help page.</summary>
    public abstract string Description { get; }

    /// <summary>What the subcommand takes beside options.</summary>
    public virtual IReadOnlyList<Argument> Arguments => [];

    /// <summary>Options besides those that all examples take (<see cref="CommonOptions"/>).</summary>
    public virtual IReadOnlyList<Option> Options => [];

    /// <summary>
    /// Does the work: fills <see cref="ExampleRun.Config"/>, rows and report, and heeds <see cref="ExampleRun.Cancel"/>. Figures are
    /// added as they become known; what is there when the run is stopped is written with <c>"complete": false</c>.
    /// </summary>
    public abstract void Run(ExampleRun run, ParseResult arguments);
}
