using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using AnalogTorch.Checkpoints;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.optim.lr_scheduler;

namespace AnalogTorch.Tests.Checkpoints;

/// <summary>A training whose result depends on torch's own generator, on a scheduler and on numbers of the program's own.</summary>
internal sealed class DropoutTraining : IDisposable
{
    public const string Argument = "--resume-dropout", Steps = "steps", Best = "best";
    public const int Whole = 12;

    public DropoutTraining(string optimizer, bool analog)
    {
        Model = Sequential(("fc1", Linear(6, 8)), ("drop", Dropout(0.5)), ("fc2", Linear(8, 3)));
        using (no_grad())
            foreach (var (name, parameter) in Model.named_parameters())
                parameter.copy_(Noise.Uniform(Rng.FromSeed(3).Split(name), parameter.shape).sub_(0.5f));
        if (analog)
            Model.ToAnalog(PcmPresets.MspLsp, seed: 1);
        Optimizer = optimizer switch
        {
            "adam" => optim.Adam(Model.parameters(), 0.01, amsgrad: true),
            "sgd" => optim.SGD(Model.parameters(), 0.01, momentum: 0.9),
            _ => new AnalogSGD(Model.parameters(), 0.05),
        };
        Scheduler = StepLR(Optimizer, 3, gamma: 0.7);
    }

    public Sequential Model { get; }

    public OptimizerHelper Optimizer { get; }

    public LRScheduler Scheduler { get; }

    public double BestLoss { get; private set; } = double.PositiveInfinity;

    public void Train(int from, int to)
    {
        for (var step = from; step < to; step++)
        {
            using var scope = NewDisposeScope();
            Optimizer.zero_grad();
            var loss = Model.call(Noise.Normal(new Rng((ulong)step), [4, 6])).square().sum();
            loss.backward();
            Optimizer.step();
            Scheduler.step();
            BestLoss = Math.Min(BestLoss, loss.item<float>());
        }
    }

    public void Save(string path, int steps) => Checkpoint.Save(path, Model, Optimizer, new TrainingState { { Steps, steps }, { Best, BestLoss } });

    public int Load(string path)
    {
        var state = Checkpoint.Load(path, Model, Optimizer);
        Scheduler.Replay(Optimizer, state.GetInt64(Steps));
        BestLoss = state.GetDouble(Best);
        return (int)state.GetInt64(Steps);
    }

    /// <summary>All that the training has come to.</summary>
    public string Digest()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        foreach (var (_, tensor) in Model.state_dict())
            writer.Write(tensor.bytes);
        writer.Write(BestLoss);
        writer.Write(Optimizer.ParamGroups.Single().LearningRate);
        using var generator = get_rng_state();
        writer.Write(generator.bytes);
        writer.Flush();
        return Convert.ToHexString(SHA256.HashData(bytes.ToArray()));
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        Model.Dispose();
    }

    /// <summary>Goes on in a process of its own, and says what it came to.</summary>
    public static int Run(string path, string optimizer, string analog)
    {
        using var training = new DropoutTraining(optimizer, bool.Parse(analog));
        training.Train(training.Load(path), Whole);
        Console.WriteLine(training.Digest());
        return 0;
    }
}

/// <summary>What is in no <c>state_dict</c> comes back as well: torch's generator, the optimizer's memory, schedulers, and the program's own numbers.</summary>
public class CheckpointResumeTests
{
    public static TheoryData<string, bool> Trainings => new() { { "adam", false }, { "sgd", false }, { "analog", true } };

    [Theory]
    [MemberData(nameof(Trainings))]
    public void DropoutResumesBitForBitInAnotherProcess(string optimizer, bool analog)
    {
        using var folder = new TemporaryFolder();
        using var generator = get_rng_state();
        try
        {
            const int stop = 5;
            using var whole = new DropoutTraining(optimizer, analog);
            whole.Train(0, stop);
            whole.Save(folder.At("run.ckpt"), stop);
            whole.Train(stop, DropoutTraining.Whole);
            var expected = whole.Digest();

            using var here = new DropoutTraining(optimizer, analog);
            here.Train(here.Load(folder.At("run.ckpt")), DropoutTraining.Whole);
            Assert.Equal(expected, here.Digest());

            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "AnalogTorch.Tests.dll"), DropoutTraining.Argument, folder.At("run.ckpt"), optimizer, analog.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardOutput = true,
            };
            using var process = Process.Start(start)!;
            Assert.Equal(expected, process.StandardOutput.ReadToEnd().Trim());
        }
        finally
        {
            set_rng_state(generator);
        }
    }

    [Fact]
    public void AModelAloneLeavesTheGeneratorAsItIs()
    {
        using var folder = new TemporaryFolder();
        using var training = new DropoutTraining("sgd", analog: false);
        using var before = get_rng_state();
        training.Save(folder.At("run.ckpt"), 0);
        training.Train(0, 2);
        using var later = get_rng_state();
        Checkpoint.Load(folder.At("run.ckpt"), training.Model);
        using var now = get_rng_state();
        Assert.True(now.bytes.SequenceEqual(later.bytes));
        Checkpoint.Load(folder.At("run.ckpt"), training.Model, training.Optimizer);
        using var resumed = get_rng_state();
        Assert.True(resumed.bytes.SequenceEqual(before.bytes));
        set_rng_state(later);
    }

    /// <summary>Wherever the generator is in its block of 624 numbers, its state is one.</summary>
    [Fact]
    public void EveryStateOfTheGeneratorIsTaken()
    {
        for (var draws = 0; draws < 1300; draws += 13)
        {
            using var scope = NewDisposeScope();
            Assert.True(GeneratorEntry.State(GeneratorEntry.Bytes()).bytes.SequenceEqual(get_rng_state().bytes));
            nn.functional.dropout(ones(13));
        }
    }

    /// <summary>A loop without an optimizer object resumes by a state alone.</summary>
    [Fact]
    public void AStateWithoutAnOptimizerBringsTheGeneratorBack()
    {
        using var folder = new TemporaryFolder();
        using var model = Linear(3, 2);
        using var before = get_rng_state();
        Checkpoint.Save(folder.At("run.ckpt"), model, training: new TrainingState { { "epoch", 3 } });
        using (nn.functional.dropout(ones(10)))
        {
        }
        Assert.Equal(3, Checkpoint.Load(folder.At("run.ckpt"), model).GetInt64("epoch"));
        using var after = get_rng_state();
        Assert.True(after.bytes.SequenceEqual(before.bytes));
    }

    [Fact]
    public void ProgramsKeepNumbersTextsSeriesAndBytes()
    {
        using var stream = new MemoryStream();
        using var model = Linear(3, 2);
        var saved = new TrainingState
        {
            { "epoch", long.MinValue }, { "best", double.NegativeInfinity }, { "rate", 0.1 }, { "name", "Größe" }, { "losses", [1.5, double.NaN] }, { "shuffle", new byte[] { 0, 255 } }, { "none", "" },
        };
        Checkpoint.Save(stream, model, training: saved);
        stream.Position = 0;
        var read = Checkpoint.Load(stream, model);
        Assert.Equal(saved.Names, read.Names);
        Assert.Equal(long.MinValue, read.GetInt64("epoch"));
        Assert.Equal(double.NegativeInfinity, read.GetDouble("best"));
        Assert.Equal(0.1, read.GetDouble("rate"));
        Assert.Equal("Größe", read.GetString("name"));
        Assert.Equal([1.5, double.NaN], read.GetDoubles("losses"));
        Assert.Equal([0, 255], read.GetBytes("shuffle"));
        Assert.Contains("'epochs'", Assert.Throws<KeyNotFoundException>(() => read.GetInt64("epochs")).Message, StringComparison.Ordinal);
        Assert.Throws<KeyNotFoundException>(() => read.GetInt64("best")); // of another kind
        Assert.Contains("'best' is taken", Assert.Throws<ArgumentException>(() => saved.Add("best", 1.0)).Message, StringComparison.Ordinal);
        stream.SetLength(0);
        Checkpoint.Save(stream, model);
        Assert.Empty(Checkpoint.Load(stream, model).Names);
    }

    /// <summary>Repeated steps bring each kind of scheduler to the rates of the one that never stopped.</summary>
    [Theory]
    [InlineData("step")]
    [InlineData("lambda")]
    [InlineData("multiplicative")]
    [InlineData("cosine")]
    [InlineData("cycle")]
    [InlineData("plateau")]
    public void SchedulersAreRepeated(string kind)
    {
        using var folder = new TemporaryFolder();
        double[] metrics = [3, 2, 2, 2, 2, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
        const int stop = 7;
        var (model, optimizer, scheduler) = Fresh();
        Steps(scheduler, 0, stop);
        Checkpoint.Save(folder.At("run.ckpt"), model, optimizer);
        var expected = Steps(scheduler, stop, metrics.Length, optimizer);

        var (otherModel, otherOptimizer, other) = Fresh();
        Checkpoint.Load(folder.At("run.ckpt"), otherModel, otherOptimizer);
        if (kind == "plateau")
            other.Replay(otherOptimizer, metrics[..stop]);
        else
            other.Replay(otherOptimizer, stop);
        Assert.Equal(expected, Steps(other, stop, metrics.Length, otherOptimizer));
        Assert.Throws<ArgumentOutOfRangeException>(() => other.Replay(otherOptimizer, -1));

        (Linear, SGD, LRScheduler) Fresh()
        {
            var layer = Linear(3, 2);
            var sgd = optim.SGD(layer.parameters(), 0.1, momentum: 0.9);
            return (layer, sgd, kind switch
            {
                "step" => StepLR(sgd, 3, 0.7),
                "lambda" => LambdaLR(sgd, epoch => Math.Pow(0.93, epoch)),
                "multiplicative" => MultiplicativeLR(sgd, epoch => 1 - 0.01 * epoch),
                "cosine" => CosineAnnealingLR(sgd, 10),
                "cycle" => CyclicLR(sgd, 0.01, 0.1, step_size_up: 3),
                _ => ReduceLROnPlateau(sgd, patience: 2),
            });
        }

        double[] Steps(LRScheduler steps, int from, int to, SGD? watched = null)
        {
            var rates = new List<double>();
            for (var i = from; i < to; i++)
            {
                if (kind == "plateau")
                    steps.step(metrics[i]);
                else
                    steps.step();
                rates.Add(watched?.ParamGroups.Single().LearningRate ?? 0);
            }
            return [.. rates];
        }
    }
}
