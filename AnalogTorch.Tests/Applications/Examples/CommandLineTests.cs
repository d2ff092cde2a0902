using System.CommandLine;
using AnalogTorch.Examples;

namespace AnalogTorch.Tests.Examples;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void OptionsReachTheExample()
    {
        Directory.CreateDirectory(folder.At("data"));
        RunOptions? options = null;
        string? data = null;
        long[] seeds = [];
        (int, string, double) own = default;
        var (code, _, error) = Run(
            (run, arguments) =>
            {
                (options, data, seeds) = (run.Options, run.DataName, [.. run.Seeds]);
                own = (arguments.GetValue(StubExample.Epochs), arguments.GetValue(StubExample.Dataset)!, arguments.GetValue(StubExample.Rate));
            },
            "--seed", "7", "--seeds", "3", "--quick", "--data", folder.At("data"), "--epochs", "5", "--dataset", "backrand", "--rate", "0.5");

        Assert.Equal("", error);
        Assert.Equal(ExampleProgram.Success, code);
        Assert.Equal(new RunOptions { Output = folder.At("out"), Data = folder.At("data"), Seed = 7, Seeds = 3, Quick = true }, options);
        Assert.Equal("data", data);
        Assert.Equal([7L, 8, 9], seeds);
        Assert.Equal((5, "backrand", 0.5), own);
    }

    [Fact]
    public void DefaultsHold()
    {
        RunOptions? options = null;
        string? data = null;
        Run((run, _) => (options, data) = (run.Options, run.DataName));
        Assert.Equal(new RunOptions { Output = folder.At("out") }, options);
        Assert.Equal("embedded", data);
    }

    [Theory]
    [InlineData("'sutb'", "sutb")]
    [InlineData("stub", new string[0])]
    [InlineData("'--sede'", "stub", "--sede", "1")]
    [InlineData("--seed must be a whole number", "stub", "--seed", "abc")]
    [InlineData("--seed must be a whole number", "stub", "--seed", "-1")]
    [InlineData("--seeds must be a whole number in [1, 1000], but is '0'", "stub", "--seeds", "0")]
    [InlineData("--epochs must be a whole number in [1, 100], but is '101'", "stub", "--epochs", "101")]
    [InlineData("--rate must be a number in [0, 10], but is 'NaN'", "stub", "--rate", "NaN")]
    [InlineData("--rate must be a number in [0, 10], but is '-0.5'", "stub", "--rate", "-0.5")]
    [InlineData("--dataset must be one of digits, backrand, but is 'mnsit'", "stub", "--dataset", "mnsit")]
    [InlineData("--seeds", "stub", "--seeds")]
    [InlineData("--data must be a folder, but is empty", "stub", "--data", "")]
    public void WrongCommandLineIsAnsweredByOneSentence(string part, params string[] arguments)
    {
        var started = false;
        var (code, output, error) = StubExample.Invoke((_, _) => started = true, default, arguments);
        Assert.Equal(ExampleProgram.Usage, code);
        Assert.False(started);
        Assert.Contains(part, error);
        AssertOneSentence(error);
        Assert.Equal("", output);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("stub", "--help")]
    public void HelpIsGiven(params string[] arguments)
    {
        var (code, output, error) = StubExample.Invoke((_, _) => Assert.Fail("started"), default, arguments);
        Assert.Equal(ExampleProgram.Success, code);
        Assert.Equal("", error);
        Assert.Contains(arguments.Length == 1 ? "Does what a test wants." : "--seeds", output);
    }

    [Fact]
    public void UnusableOutputFolderStopsTheRunBeforeItStarts()
    {
        File.WriteAllText(folder.At("out"), "a file");
        var started = false;
        var (code, _, error) = Run((_, _) => started = true);
        Assert.Equal(ExampleProgram.Failure, code);
        Assert.False(started);
        Assert.Contains("--out", error);
        AssertOneSentence(error);
    }

    [Fact]
    public void MissingDataFolderStopsTheRunBeforeItStarts()
    {
        var started = false;
        var (code, _, error) = Run((_, _) => started = true, "--data", folder.At("nowhere"));
        Assert.Equal(ExampleProgram.Failure, code);
        Assert.False(started);
        Assert.Contains("nowhere", error);
        AssertOneSentence(error);
    }

    public static TheoryData<Exception> UserErrors => new(
        new IOException("The disk is full."),
        new InvalidDataException("The file is damaged."),
        new ArgumentOutOfRangeException("value", "Device.Step must be positive, but is -1."),
        new ArgumentException("LinearStep.Slope must be in [0, 1], but is 2.", "Slope"),
        new UnauthorizedAccessException("No permission"),
        new AggregateException(new AggregateException(new FileNotFoundException("There is no file."))));

    [Theory]
    [MemberData(nameof(UserErrors))]
    public void WhatAUserCanMendIsOneSentence(Exception exception)
    {
        var (code, _, error) = Run((_, _) => throw exception);
        Assert.Equal(ExampleProgram.Failure, code);
        AssertOneSentence(error);
        Assert.DoesNotContain("Parameter", error);
        Assert.Empty(folder.Files());
    }

    [Fact]
    public void ArgumentsThatDoNotGoTogetherAreAWrongCommandLine()
    {
        var (code, _, error) = Run((_, _) => throw new UsageException("--text ptb needs --data DIR."));
        Assert.Equal(ExampleProgram.Usage, code);
        AssertOneSentence(error);
    }

    /// <summary>Every number of every example: none means something else than it says, and absurd ones are refused.</summary>
    [Theory]
    [InlineData("mnist", "--epochs", "0")]
    [InlineData("mnist", "--transfer-every", "0")]
    [InlineData("convnet", "--images", "0")]
    [InlineData("drift", "--chips", "0")]
    [InlineData("lstm", "--hidden", "0")]
    [InlineData("transfer", "--side", "0")]
    [InlineData("mlnet", "--epochs", "0")]
    [InlineData("program", "--side", "1000000")]
    [InlineData("benchmark", "--threads", "100000")]
    public void NoNumberStandsForADefault(string example, string option, string value)
    {
        var program = new ExampleProgram(AllExamples.Create(), TextWriter.Null, TextWriter.Null, StubExample.Plain(TextWriter.Null));
        var fault = program.Fault([example, option, value]);
        Assert.StartsWith($"{option} must be a whole number in [", fault, StringComparison.Ordinal);
        Assert.EndsWith($"but is '{value}'.", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2", "--text", "ptb", "lstm")]
    [InlineData("2", "--tables", "iris", "mlnet")]
    [InlineData("2", "--target", "cifar10", "transfer")]
    [InlineData("2", "--backbone", "resnet18", "transfer")]
    public void WhatNeedsDataIsAWrongCommandLineWithoutIt(string code, string option, string value, string example)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var found = new ExampleProgram(AllExamples.Create(), output, error, StubExample.Plain(output)).Run([example, option, value, "--out", folder.At("out")]);
        Assert.Equal(code, $"{found}");
        AssertOneSentence(error.ToString());
    }

    [Fact]
    public void TheFirstLineComesAtOnceAndQuickRunsSayWhatTheyAre()
    {
        var (_, plain, _) = Run((run, _) => run.AddRow("digital", ("test_accuracy", 0.98)));
        Assert.StartsWith("stub: seed 42, data made by the program, ", plain, StringComparison.Ordinal);
        Assert.DoesNotContain(ExampleRun.QuickNotice, plain + File.ReadAllText(folder.At("out", "report.html")), StringComparison.Ordinal);

        var (_, quick, _) = Run((run, _) => run.AddRow("digital", ("test_accuracy", 0.98)), "--quick");
        Assert.Contains("shows the mechanics", quick, StringComparison.Ordinal);
        var report = File.ReadAllText(folder.At("out", "report.html"));
        Assert.Contains(ExampleRun.QuickNotice, report, StringComparison.Ordinal);
        Assert.Contains("<dt>Command</dt><dd>stub --out", report, StringComparison.Ordinal);
        Assert.Contains("<dt>Processor</dt>", report, StringComparison.Ordinal);
        Assert.Contains("\"quick\": true", File.ReadAllText(folder.At("out", "metrics.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatOnlyAProgrammerCanMendIsNotHidden() =>
        Assert.Throws<InvalidOperationException>(() => Run((_, _) => throw new InvalidOperationException("a defect")));

    [Fact]
    public void FailureKeepsTheFiguresMadeBefore()
    {
        var (code, _, error) = Run((run, _) =>
        {
            run.AddRow("digital", ("test_accuracy", 0.98));
            throw new IOException("The disk is full.");
        });
        Assert.Equal(ExampleProgram.Failure, code);
        Assert.StartsWith("The disk is full.", error);
        Assert.Contains("\"complete\": false", File.ReadAllText(folder.At("out", "metrics.json")));
    }

    [Fact]
    public void CancelledRunWritesWhatItHas()
    {
        using var cancel = new CancellationTokenSource();
        var (code, _, error) = StubExample.Invoke(
            (run, _) =>
            {
                run.AddRow("digital", ("test_accuracy", 0.98));
                cancel.Cancel();
                run.Cancel.ThrowIfCancellationRequested();
                run.AddRow("never", ("test_accuracy", 1));
            },
            cancel.Token, "stub", "--out", folder.At("out"));
        Assert.Equal(ExampleProgram.Cancelled, code);
        Assert.StartsWith("Stopped", error);
        var metrics = File.ReadAllText(folder.At("out", "metrics.json"));
        Assert.Contains("\"complete\": false", metrics);
        Assert.Contains("digital", metrics);
        Assert.DoesNotContain("never", metrics);
        Assert.Equal([Path.Combine("out", "metrics.json"), Path.Combine("out", "report.html")], folder.Files());
    }

    [Fact]
    public void RunThatEndsQuietlyAfterCancellingIsIncompleteToo()
    {
        using var cancel = new CancellationTokenSource();
        var (code, _, _) = StubExample.Invoke(
            (run, _) =>
            {
                run.AddRow("digital", ("test_accuracy", 0.98));
                cancel.Cancel();
            },
            cancel.Token, "stub", "--out", folder.At("out"));
        Assert.Equal(ExampleProgram.Cancelled, code);
        Assert.Contains("\"complete\": false", File.ReadAllText(folder.At("out", "metrics.json")));
    }

    [Fact]
    public void CancelledParallelWorkIsCancelledToo()
    {
        using var cancel = new CancellationTokenSource();
        var (code, _, error) = StubExample.Invoke(
            (run, _) => Parallel.For(0, 4, _ =>
            {
                cancel.Cancel();
                run.Cancel.ThrowIfCancellationRequested();
            }),
            cancel.Token, "stub", "--out", folder.At("out"));
        Assert.Equal(ExampleProgram.Cancelled, code);
        Assert.Equal($"Stopped.{Environment.NewLine}Nothing was complete yet, so nothing was written.", error.Trim());
        Assert.Empty(folder.Files());
    }

    [Fact]
    public void FailureAmongParallelJobsThatWereStoppedIsTheOneReported()
    {
        var (code, _, error) = Run((_, _) => throw new AggregateException(new OperationCanceledException(), new IOException("The disk is full.")));
        Assert.Equal(ExampleProgram.Failure, code);
        Assert.Equal("The disk is full.", error.Trim());
    }

    [Fact]
    public void FailureToSaveIsReportedOnce()
    {
        var (code, _, error) = Run((run, _) =>
        {
            run.AddRow("digital", ("test_accuracy", 0.98));
            Directory.CreateDirectory(run.ReportPath);
        });
        Assert.Equal(ExampleProgram.Failure, code);
        AssertOneSentence(error);
        Assert.Contains("report.html", error);
        Assert.Equal([Path.Combine("out", "metrics.json")], folder.Files());
    }

    private static void AssertOneSentence(string error)
    {
        var text = error.TrimEnd('\r', '\n');
        Assert.DoesNotContain('\n', text);
        Assert.EndsWith(".", text);
        Assert.DoesNotContain("   at ", text);
    }

    private (int Code, string Output, string Error) Run(Action<ExampleRun, ParseResult> work, params string[] arguments) =>
        StubExample.Invoke(work, default, ["stub", "--out", folder.At("out"), .. arguments]);
}
