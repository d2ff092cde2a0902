using System.Diagnostics;
using System.Text.Json.Nodes;

namespace AnalogTorch.Tests.Examples;

/// <summary>The MNIST example as a user runs it: in a process of its own, which starts others.</summary>
public class MnistExampleTests
{
    [Fact]
    public async Task TrainsAndReports()
    {
        using var folder = new TemporaryFolder();
        var (code, _, error) = await ExampleProcess.Run("mnist", "--quick", "--images", "300", "--epochs", "2", "--ways", "digital,pcm-pair,msp-lsp,symmetric", "--tensorboard", "--out", folder.At("out"));
        Assert.True(code == 0, error);

        var metrics = JsonNode.Parse(File.ReadAllText(folder.At("out", "metrics.json")))!;
        Assert.Equal("mnist", (string?)metrics["example"]);
        Assert.Equal("embedded", (string?)metrics["data"]);
        Assert.True((bool)metrics["complete"]!);
        Assert.Equal(300, (int)metrics["config"]!["training_images"]!);
        var rows = metrics["rows"]!.AsArray();
        Assert.Equal(["digital", "pcm-pair", "msp-lsp", "symmetric"], rows.Select(row => (string?)row!["name"]));
        Assert.All(rows, row => Assert.True((double)row!["test_accuracy"]! > 0.12 && (double)row["seconds"]! > 0)); // a guess gets 10 %
        Assert.All(rows.Skip(1), row => Assert.True((double)row!["pulses_per_weight_late"]! > 0));
        var report = File.ReadAllText(folder.At("out", "report.html"));
        Assert.Contains("MspLspCell", report, StringComparison.Ordinal);
        Assert.Contains("Why the polarity is inverted", report, StringComparison.Ordinal);
        Assert.Contains(folder.Files(), file => file.Contains("tfevents", StringComparison.Ordinal));
        Assert.DoesNotContain(folder.Files(), file => file.EndsWith(".tmp", StringComparison.Ordinal));
    }

    /// <summary>Ctrl-C ends the run in order, with its own exit code, and leaves no process and no half-written file behind.</summary>
    [Fact]
    public async Task StopsOnInterrupt()
    {
        if (OperatingSystem.IsWindows())
            return; // there is no signal to send
        using var folder = new TemporaryFolder();
        using var process = ExampleProcess.Start("mnist", "--quick", "--epochs", "10000", "--ways", "digital,msp-lsp", "--out", folder.At("out"));
        var error = process.StandardError.ReadToEndAsync();
        while (process.StandardOutput.ReadLine() is { } line && !line.Contains("images/s", StringComparison.Ordinal))
        {
        }
        var children = Children(process.Id);
        Assert.NotEmpty(children);
        using (var kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
            kill.WaitForExit();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(30)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("The program must stop within 30 s of an interrupt. Where the tests run as a background job of a shell, programs never see one: run them in the foreground.");
        }
        await output;
        Assert.Equal(130, process.ExitCode);
        Assert.Contains("Stopped", await error, StringComparison.Ordinal);
        Assert.All(children, child => Assert.False(IsAlive(child)));
        Assert.DoesNotContain(folder.Files(), file => file.EndsWith(".tmp", StringComparison.Ordinal));
    }

    private static int[] Children(int parent)
    {
        using var list = Process.Start(new ProcessStartInfo("pgrep", ["-P", $"{parent}"]) { RedirectStandardOutput = true })!;
        return [.. list.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
    }

    private static bool IsAlive(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
