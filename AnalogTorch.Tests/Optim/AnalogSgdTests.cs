using System.Diagnostics;
using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Tiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Optim;

public class AnalogSgdTests
{
    private static readonly Dictionary<string, TileConfig> Hardware = new()
    {
        // Each with its events (transfer, leakage, refresh) several times within the run, before and after the stop.
        ["msp-lsp"] = new() { Cell = new MspLspCell { TransferEvery = 7, LeakEvery = 2, OutputsPerReference = 4 } },
        ["pair"] = new() { Cell = new OneSidedPair { Refresh = new OccasionalReset { Every = 5, Threshold = 3 * Units.uS } } },
        ["single"] = new() { Cell = new SingleDevice { Reference = new MidRangeReference(), WriteNoise = 2 } },
        ["noisy path"] = PcmPresets.MspLsp with { Forward = PcmPresets.EightBitPath, Backward = PcmPresets.EightBitPath with { ReadNoise = new ProportionalReadNoise() } },
        ["digital bias"] = PcmPresets.Pair with { Bias = new DigitalBias() },
    };

    public static TheoryData<string> HardwareNames => new(Hardware.Keys);

    [Theory]
    [MemberData(nameof(HardwareNames))]
    public void StoppingAndResumingIsTheRunThatNeverStopped(string hardware)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        for (var stop = 1; stop <= 9; stop += 4)
        {
            using var straight = new Training(Hardware[hardware], seed: 1);
            straight.Run(0, 14);
            using var first = new Training(Hardware[hardware], seed: 1);
            first.Run(0, stop);
            first.Model.save(folder.At("model"));
            first.Optimizer.save_state_dict(folder.At("optimizer"));
            using var second = new Training(Hardware[hardware], seed: 2);
            Assert.NotEqual(first.Everything(), second.Everything());
            second.Model.load(folder.At("model"));
            second.Optimizer.load_state_dict(folder.At("optimizer"));
            Assert.Equal(first.Everything(), second.Everything());
            second.Run(stop, 14);
            Assert.Equal(straight.Everything(), second.Everything());
        }
    }

    [Theory]
    [MemberData(nameof(HardwareNames))]
    public void TheSameSeedGivesTheSameBits(string hardware)
    {
        using var scope = NewDisposeScope();
        using var a = new Training(Hardware[hardware], seed: 1);
        using var b = new Training(Hardware[hardware], seed: 1);
        a.Run(0, 8);
        b.Run(0, 8);
        Assert.Equal(a.Everything(), b.Everything());
    }

    [Fact]
    public void SchedulersSetTheRateOfPulses()
    {
        using var scope = NewDisposeScope();
        using var layer = Linear(40, 30);
        layer.ToAnalog(Quiet);
        using var optimizer = new AnalogSGD(layer.parameters(), lr: 0.02); // no probability saturates
        var scheduler = optim.lr_scheduler.StepLR(optimizer, step_size: 1, gamma: 0.1);
        var large = Pulses();
        scheduler.step();
        Assert.Equal(0.002, optimizer.ParamGroups.Single().LearningRate, 1e-15);
        var small = Pulses();
        // Mean numbers of pulses are proportional to the rate.
        Assert.InRange((double)small / large, 0.07, 0.13);
        optimizer.ParamGroups.Single().LearningRate = 0;
        Assert.Equal(0, Pulses());

        long Pulses()
        {
            var tile = Tile(layer);
            var before = tile.Cells.Pulses;
            optimizer.zero_grad();
            (layer.call(full([50, 40], 0.2f)) * full([50, 30], 0.2f)).sum().backward();
            optimizer.step();
            return tile.Cells.Pulses - before;
        }
    }

    [Fact]
    public void GroupsHaveRatesOfTheirOwn()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(4, 4)), ("fc2", Linear(4, 4)));
        model.ToAnalog(Quiet);
        var layers = model.children().ToArray();
        using var optimizer = new AnalogSGD(
            [
                new AnalogSGD.ParamGroup { Parameters = layers[0].parameters(), Options = new AnalogSGD.Options { LearningRate = 0 } },
                new AnalogSGD.ParamGroup { Parameters = layers[1].parameters() },
            ],
            lr: 0.5);
        model.call(ones(20, 4)).sum().backward();
        optimizer.step();
        Assert.Equal(0, Tile(layers[0]).Cells.Pulses);
        Assert.True(Tile(layers[1]).Cells.Pulses > 0);
        Assert.Equal([0, 0.5], optimizer.ParamGroups.Select(group => group.LearningRate));
    }

    [Fact]
    public void DigitalParametersAreTrainedAsTorchDoes()
    {
        using var scope = NewDisposeScope();
        var (mixed, digital) = (Linear(6, 4), Linear(6, 4));
        mixed.load_state_dict(digital.state_dict());
        using var ours = new AnalogSGD(mixed.parameters(), lr: 0.1, momentum: 0.9, weight_decay: 0.01);
        using var torchs = optim.SGD(digital.parameters(), 0.1, momentum: 0.9, weight_decay: 0.01);
        for (var step = 0; step < 20; step++)
        {
            var x = Noise.Normal(new Rng((ulong)step), [5, 6]);
            ours.zero_grad();
            torchs.zero_grad();
            mixed.call(x).square().mean().backward();
            digital.call(x).square().mean().backward();
            ours.step();
            torchs.step();
        }
        foreach (var (a, d) in mixed.parameters().Zip(digital.parameters()))
            Bench.AssertClose(d, a, 20, "parameter"); // a rounding a step
    }

    [Fact]
    public void ZeroGradForgetsExamplesAndStepDoesNot()
    {
        using var scope = NewDisposeScope();
        using var layer = Linear(4, 4);
        layer.ToAnalog(Quiet);
        using var optimizer = new AnalogSGD(layer.parameters(), lr: 0.5);
        layer.call(ones(20, 4)).sum().backward();
        layer.call(ones(20, 4)).sum().backward();
        Assert.Equal(2, Tile(layer).PendingUpdates);
        optimizer.zero_grad();
        Assert.Equal(0, Tile(layer).PendingUpdates);
        optimizer.step();
        Assert.Equal(0, Tile(layer).Cells.Pulses);
        layer.call(ones(20, 4)).sum().backward();
        optimizer.step();
        var pulses = Tile(layer).Cells.Pulses;
        Assert.True(pulses > 0);
        Assert.Equal(20, Tile(layer).Cells.Examples);
        optimizer.step(); // as in torch, whose gradients stay until they are zeroed
        Assert.Equal(40, Tile(layer).Cells.Examples);
        optimizer.zero_grad();
        optimizer.step();
        Assert.Equal(40, Tile(layer).Cells.Examples);
    }

    [Fact]
    public void WhatPulsesCannotDoIsRefused()
    {
        using var layer = Linear(4, 4);
        layer.ToAnalog(Quiet);
        Assert.StartsWith("AnalogSGD.momentum must be 0 for the analog weights of Linear, but is 0.9", Message(() => new AnalogSGD(layer.parameters(), 0.1, momentum: 0.9)));
        Assert.StartsWith("AnalogSGD.weight_decay must be 0 for the analog weights of Linear, but is 0.01", Message(() => new AnalogSGD(layer.parameters(), 0.1, weight_decay: 0.01)));
        Assert.StartsWith("AnalogSGD.ParamGroup must hold weight and bias of Linear together", Message(() => new AnalogSGD(
            [new AnalogSGD.ParamGroup { Parameters = [layer.weight!] }, new AnalogSGD.ParamGroup { Parameters = [layer.bias!] }], 0.1)));
        foreach (var rate in new[] { -0.1, double.NaN, double.PositiveInfinity })
        {
            Assert.Contains("AnalogSGD.lr must be finite and at least 0, but is", Message(() => new AnalogSGD(layer.parameters(), rate)));
            Assert.Contains("must be finite and at least 0, but is", Message(() => new AnalogSGD(
                [new AnalogSGD.ParamGroup { Parameters = layer.parameters(), Options = new AnalogSGD.Options { LearningRate = rate } }], 0.1)));
        }

        static string Message(Func<object> make) => Assert.ThrowsAny<ArgumentException>(make).Message;
    }

    [Fact]
    public void AGradientThatPassedBesideTheTileIsNoticed()
    {
        using var scope = NewDisposeScope();
        using var layer = Linear(4, 4);
        layer.ToAnalog(Quiet);
        using var optimizer = new AnalogSGD(layer.parameters(), lr: 0.5);
        (layer.weight!.square().sum() + layer.call(ones(2, 4)).sum()).backward(); // a penalty on the weights themselves
        Assert.StartsWith(
            "Linear: the gradient of its weights was changed otherwise than by factors, or the layer was bypassed",
            Assert.Throws<InvalidOperationException>(() => optimizer.step()).Message);
    }

    [Fact]
    public void AMissingOptimizerIsNoticed()
    {
        using var scope = NewDisposeScope();
        using var layer = Linear(4, 4);
        layer.ToAnalog(Quiet);
        layer.call(ones(2, 4)).sum().backward();
        Assert.StartsWith(
            "Linear: its weights are analog, and no optimizer updates them; train with AnalogSGD(",
            Assert.Throws<InvalidOperationException>(() => layer.call(ones(2, 4))).Message);
    }

    [Fact]
    public void AFaultInBackwardComesOutOfStepAndTheProcessLives()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(4, 4)), ("fc2", Linear(4, 4)));
        model.ToAnalog(Quiet);
        using var optimizer = new AnalogSGD(model.parameters(), lr: 0.5);
        (model.call(ones(2, 4)).sum() * float.NaN).backward();
        Assert.Equal(
            "fc2: the backward pass failed: the gradient must be finite, but holds NaN or infinity; lower the learning rate or check the loss.",
            Assert.Throws<InvalidOperationException>(() => optimizer.step()).Message);
        // Nothing of the failed pass is left over, and training goes on.
        optimizer.zero_grad();
        model.call(ones(2, 4)).sum().backward();
        optimizer.step();
        Assert.All(model.AnalogTiles(), entry => Assert.True(entry.Tile.Cells.Pulses > 0));
        Assert.All(model.parameters(), parameter => Assert.True(parameter.isfinite().all().item<bool>()));
    }

    [Fact]
    public void AStateOfOtherShapeIsRefused()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var small = Linear(4, 4);
        small.ToAnalog(Quiet);
        small.save(folder.At("model"));
        using var large = Linear(4, 5);
        large.ToAnalog(Quiet);
        Assert.ThrowsAny<Exception>(() => large.load(folder.At("model")));
    }

    private static readonly TileConfig Quiet = new() { Cell = new SingleDevice { Device = new ConstantStep { Max = 100, Min = -100 } } };

    private static AnalogTile Tile(Module layer) => AnalogLayer.TryGetTile(layer, out var tile) ? tile : throw new InvalidOperationException("not analog");

    /// <summary>A small network on some hardware, with data that depend on the number of the step alone.</summary>
    private sealed class Training : IDisposable
    {
        public Training(TileConfig config, long seed)
        {
            Model = Sequential(("fc1", Linear(12, 8)), ("act", Tanh()), ("fc2", Linear(8, 4)), ("out", BatchNorm1d(4)));
            using (no_grad())
                foreach (var (name, parameter) in Model.named_parameters())
                    parameter.copy_(Noise.Normal(Rng.FromSeed(seed).Split(name), parameter.shape).mul_(0.3f));
            Model.ToAnalog(config, seed);
            var layers = Model.children().ToArray();
            Optimizer = new AnalogSGD(
                [
                    new AnalogSGD.ParamGroup { Parameters = [.. layers[0].parameters(), .. layers[2].parameters()] },
                    new AnalogSGD.ParamGroup { Parameters = layers[3].parameters(), Options = new AnalogSGD.Options { LearningRate = 0.02, Momentum = 0.9 } },
                ],
                lr: 0.1);
        }

        public Sequential Model { get; }

        public AnalogSGD Optimizer { get; }

        public void Run(int from, int to)
        {
            for (var step = from; step < to; step++)
            {
                using var scope = NewDisposeScope();
                var x = Noise.Normal(new Rng((ulong)step), [3, 12]);
                Optimizer.zero_grad();
                functional.cross_entropy(Model.call(x), tensor(new long[] { 0, 1, 2 })).backward();
                Optimizer.step();
            }
        }

        public string[] Everything() =>
            [.. Model.state_dict().OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key} {Convert.ToHexString(entry.Value.contiguous().bytes)}")];

        public void Dispose()
        {
            Optimizer.Dispose();
            Model.Dispose();
        }
    }
}

[Collection(nameof(Alone))]
public class LeakTests
{
    public static TheoryData<string> Cells => new(Catalog.Variants<UnitCell>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Cells))]
    public void AnyCellOfAnyDeviceKeepsItsNumberOfTensors(string name)
    {
        foreach (var cell in Variants(Catalog.Defaults<UnitCell>().Single(cell => cell.GetType().Name == name)))
        {
            using var layer = Linear(20, 10);
            layer.ToAnalog(new TileConfig { Cell = cell });
            using var optimizer = new AnalogSGD(layer.parameters(), lr: 0.1);
            var tensors = 0L;
            for (var step = 0; step < 50; step++)
            {
                using (NewDisposeScope())
                {
                    optimizer.zero_grad();
                    layer.call(Noise.Normal(new Rng((ulong)step), [20, 20])).sum().backward();
                    optimizer.step();
                }
                if (step == 5)
                    tensors = LiveTensors.Settled();
            }
            LiveTensors.AssertNoneSince(tensors);
        }

        static IEnumerable<UnitCell> Variants(UnitCell cell) => cell switch
        {
            SingleDevice single => Catalog.Defaults<PulsedDevice>().Select(device => single with { Device = device }),
            OneSidedPair pair => Catalog.Defaults<PulsedDevice>().Where(device => device is IResettable).Select(device =>
                pair with { Device = device, ValuePerWeight = device.Range.Max, Refresh = new OccasionalReset { Every = 50, Threshold = 0.3 * device.Range.Max } }),
            MspLspCell mspLsp => [mspLsp with { TransferEvery = 50 }],
            _ => [cell],
        };
    }

    [Fact]
    public void TrainingStepsLeaveNoTensorAndNoMemoryBehind()
    {
        // In a scope of the user's own, as is the custom. One forgotten activation a step of 64 × 256 floats would be 64 kB a step.
        const int inputs = 64, outputs = 256, batch = 64, steps = 10_000, warm = 500;
        using var layer = Linear(inputs, outputs);
        layer.ToAnalog(new TileConfig
        {
            Cell = new MspLspCell { TransferEvery = 40 * batch },
            Forward = PcmPresets.EightBitPath with { ReadNoise = new AdditiveReadNoise() },
            Backward = PcmPresets.EightBitPath,
            Update = new AnalogTorch.Updates.StochasticTrains { BitLength = 1 },
        });
        using var optimizer = new AnalogSGD(layer.parameters(), lr: 1e-5);
        var (tensors, memory) = (0L, 0L);
        for (var step = 0; step < steps; step++)
        {
            using (NewDisposeScope())
            {
                optimizer.zero_grad();
                layer.call(Noise.Normal(new Rng((ulong)step), [batch, inputs]).requires_grad_(true)).sum().backward();
                optimizer.step();
            }
            // TorchSharp frees what an autograd function holds in a finaliser, and a training step gives the collector little cause to run.
            var now = step % 100 == 0 ? Memory() : 0;
            if (step == warm)
                (memory, tensors) = (now, LiveTensors.Settled());
        }
        LiveTensors.AssertNoneSince(tensors);
        var leak = (long)batch * outputs * sizeof(float) * (steps - warm);
        Assert.InRange(Memory() - memory, long.MinValue, leak / 2);

        static long Memory()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            using var process = Process.GetCurrentProcess();
            return process.WorkingSet64;
        }
    }
}
