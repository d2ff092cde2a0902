using System.Diagnostics;
using System.Globalization;
using AnalogTorch.Checkpoints;
using AnalogTorch.Core;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Checkpoints;

/// <summary>A training that writes a checkpoint at every step, and says so; it never ends by itself.</summary>
internal static class CheckpointWriter
{
    public const string Argument = "--write-checkpoints";

    /// <summary>A model large enough that most of the time goes into writing.</summary>
    public static (Module<Tensor, Tensor> Model, AnalogSGD Optimizer) Create()
    {
        var model = Sequential(("fc1", Linear(200, 300)), ("act", Tanh()), ("fc2", Linear(300, 10)));
        model.ToAnalog(PcmPresets.MspLsp, seed: 1);
        return (model, new AnalogSGD(model.parameters(), 0.01));
    }

    public static int Run(string path)
    {
        var (model, optimizer) = Create();
        var report = model.AnalogTiles().First().Tile;
        while (true)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            model.call(ones(1, 200)).square().sum().backward();
            optimizer.step();
            Checkpoint.Save(path, model, optimizer);
            Console.WriteLine(report.Cells.Examples.ToString(CultureInfo.InvariantCulture));
        }
    }
}

public class CheckpointKillTests
{
    /// <summary>Killed at any moment, a training leaves the last checkpoint that it spoke of, or the one after it, whole.</summary>
    [Fact]
    public void AKilledTrainingLeavesAWholeCheckpoint()
    {
        if (OperatingSystem.IsWindows())
            return; // there is no SIGKILL
        using var folder = new TemporaryFolder();
        var path = folder.At("run.ckpt");
        for (var round = 0; round < 5; round++)
        {
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "AnalogTorch.Tests.dll"), CheckpointWriter.Argument, path]) { RedirectStandardOutput = true };
            using var process = Process.Start(start)!;
            var spoken = long.Parse(process.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
            Thread.Sleep((int)(Rng.FromSeed(round).Key % 150)); // anywhere in a step, most of which is writing
            process.Kill(); // SIGKILL
            process.WaitForExit();
            while (process.StandardOutput.ReadLine() is { } line)
                spoken = long.TryParse(line, out var step) ? Math.Max(spoken, step) : spoken;

            using var scope = NewDisposeScope();
            var (model, optimizer) = CheckpointWriter.Create();
            Checkpoint.Load(path, model, optimizer);
            Assert.InRange(model.AnalogTiles().First().Tile.Cells.Examples, spoken, spoken + 1);
        }
    }
}
