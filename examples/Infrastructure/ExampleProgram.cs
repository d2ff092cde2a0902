using System.CommandLine;
using System.Runtime.InteropServices;
using Spectre.Console;

namespace AnalogTorch.Examples;

/// <summary>The command line over all examples, and what their endings mean to the shell.</summary>
public sealed class ExampleProgram
{
    /// <summary>All done.</summary>
    public const int Success = 0;

    /// <summary>Stopped by something that the user can mend: a file, a folder, a value.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl-C.</summary>
    public const int Cancelled = 130;

    private readonly RootCommand root;
    private readonly IReadOnlyList<Example> examples;
    private readonly TextWriter error;
    private readonly TextWriter output;
    private readonly IAnsiConsole console;

    /// <summary>A program over the given examples, writing to the process's console.</summary>
    public ExampleProgram(IReadOnlyList<Example> examples)
        : this(examples, Console.Out, Console.Error, AnsiConsole.Console)
    {
        // A file has no width to wrap lines at.
        if (!console.Profile.Out.IsTerminal)
        {
            console.Profile.Width = 240;
        }
    }

    /// <summary>A program that writes where it is told.</summary>
    public ExampleProgram(IReadOnlyList<Example> examples, TextWriter output, TextWriter error, IAnsiConsole console)
    {
        this.examples = examples;
        this.output = output;
        this.error = error;
        this.console = console;
        root = new RootCommand("Deep learning on analog memory, simulated: the examples. Each writes metrics.json and a self-contained report.html.");
    }

    /// <summary>Runs the example that the arguments name and returns the exit code.</summary>
    public int Run(string[] arguments, CancellationToken stop = default)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(stop);
        // The first Ctrl-C ends the run in order, the second at once.
        void Interrupt(PosixSignalContext context)
        {
            context.Cancel = !cancel.IsCancellationRequested;
            cancel.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

        var parsed = Parse(arguments, cancel.Token);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine(Explain(parsed));
            return Usage;
        }
        return parsed.Invoke(new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    /// <summary>What is wrong with arguments, in one sentence; null if they are a command that would run.</summary>
    public string? Fault(string[] arguments) => Parse(arguments, default) is { Errors.Count: > 0 } parsed ? Explain(parsed) : null;

    private ParseResult Parse(string[] arguments, CancellationToken cancel)
    {
        root.Subcommands.Clear();
        foreach (var example in examples)
        {
            root.Subcommands.Add(CommandOf(example, cancel));
        }
        return root.Parse(arguments);
    }

    private Command CommandOf(Example example, CancellationToken cancel)
    {
        var command = new Command(example.Name, example.Description);
        foreach (var argument in example.Arguments)
        {
            command.Arguments.Add(argument);
        }
        foreach (var option in example.Options)
        {
            command.Options.Add(option);
        }
        var common = new CommonOptions();
        common.AddTo(command);
        command.SetAction(arguments => Guarded(example, common.Read(example.Name, arguments), arguments, cancel));
        return command;
    }

    private int Guarded(Example example, RunOptions options, ParseResult arguments, CancellationToken cancel)
    {
        ExampleRun? run = null;
        var saving = false;
        try
        {
            run = ExampleRun.Open(example.Name, options, console, cancel, string.Join(' ', arguments.Tokens.Select(token => token.Value)));
            if (TorchSelfCheck.Run() is { } finding)
                run.Console.WriteLine(finding);
            example.Run(run, arguments);
            // A run that was told to stop is incomplete, even if the example ended quietly.
            cancel.ThrowIfCancellationRequested();
            saving = true;
            run.Save(complete: true);
            output.WriteLine($"Wrote {run.MetricsPath} and {run.ReportPath}");
            return Success;
        }
        catch (Exception e) when (Root(e) is OperationCanceledException && cancel.IsCancellationRequested)
        {
            return Rescue(run, "Stopped", Cancelled);
        }
        catch (Exception e) when (Root(e) is UsageException)
        {
            return Rescue(saving ? null : run, OneLine(Root(e)), Usage);
        }
        catch (Exception e) when (Root(e) is IOException or InvalidDataException or ArgumentException or UnauthorizedAccessException)
        {
            return Rescue(saving ? null : run, OneLine(Root(e)), Failure);
        }
        catch (Exception) when (run is { HasRows: true } && !saving)
        {
            run.Save(complete: false); // a fault of the program or of torch, which nobody should lose results to
            error.WriteLine($"What was done until then is in {run.MetricsPath}.");
            throw;
        }
    }

    private int Rescue(ExampleRun? run, string sentence, int code)
    {
        error.WriteLine(sentence.EndsWith('.') ? sentence : sentence + ".");
        try
        {
            if (run is { HasRows: true })
            {
                run.Save(complete: false);
                error.WriteLine($"What was done until then is in {run.MetricsPath}.");
            }
            else if (run is not null && code == Cancelled)
            {
                error.WriteLine("Nothing was complete yet, so nothing was written.");
            }
        }
        catch (IOException e)
        {
            error.WriteLine(OneLine(e));
        }
        return code;
    }

    // The failure behind those of parallel tasks: the first that is not merely the others being told to stop.
    private static Exception Root(Exception e)
    {
        if (e is not AggregateException many)
        {
            return e;
        }
        var all = many.Flatten().InnerExceptions;
        return all.FirstOrDefault(one => one is not OperationCanceledException) ?? all[0];
    }

    private static string OneLine(Exception e)
    {
        var message = e.Message;
        if (e is ArgumentException { ParamName: { } name })
        {
            message = message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal);
        }
        return string.Join(" ", message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[..1]);
    }

    private string Explain(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var names = string.Join(", ", examples.Select(example => example.Name));
        if (parsed.UnmatchedTokens is [var unknown, ..])
        {
            return command == root
                ? $"There is no example or option '{unknown}': name one of {names}, or see --help."
                : $"{command.Name} has no option '{unknown}': see {command.Name} --help.";
        }
        return command == root ? $"Name an example, one of {names}, or see --help." : parsed.Errors[0].Message;
    }
}
