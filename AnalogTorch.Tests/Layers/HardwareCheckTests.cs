using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Fuzzing;
using AnalogTorch.Tiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

/// <summary>A single bit of hardware that is not what was written is found, by layer and plane, and nothing else is taken for damage.</summary>
public sealed class HardwareCheckTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public static TheoryData<string> Cells => new("msp-lsp", "single", "pair");

    public void Dispose() => scope.Dispose();

    /// <summary>Every plane of the devices, hit in one number that stays finite, before any training.</summary>
    [Theory]
    [MemberData(nameof(Cells))]
    public void EveryPlaneIsWatched(string cell)
    {
        var planes = Trained(cell).Model.AnalogTiles().First().Tile.Cells.State.Names.ToArray();
        Assert.NotEmpty(planes);
        foreach (var plane in planes)
        {
            var (model, _) = Trained(cell);
            Assert.True(model.CheckHardware().Numbers > 0);
            Assert.True(model.CheckHardware().Sums > 0);
            Flip(model.AnalogTiles().First().Tile.Cells.State[plane]);
            var message = Assert.Throws<InvalidDataException>(() => model.CheckHardware()).Message;
            Assert.StartsWith("fc1: ", message, StringComparison.Ordinal);
            Sentence.Check(message);
        }
    }

    /// <summary>After steps that nobody sealed, what devices were made as is still known, and what they hold is held against the weights.</summary>
    [Theory]
    [MemberData(nameof(Cells))]
    public void DamageIsFoundAfterTraining(string cell)
    {
        var found = 0;
        var (fresh, _) = Trained(cell);
        foreach (var plane in fresh.AnalogTiles().First().Tile.Cells.State.Names)
        {
            var (model, optimizer) = Trained(cell);
            Step(model, optimizer);
            var values = model.AnalogTiles().First().Tile.Cells.State[plane];
            if (values.is_floating_point())
                values.view(-1)[0] = float.NaN;
            else
                Flip(values);
            try
            {
                model.CheckHardware();
            }
            catch (InvalidDataException)
            {
                found++;
            }
        }
        Assert.Equal(fresh.AnalogTiles().First().Tile.Cells.State.Names.Count, found);
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void WhatIsSoundIsNotRefused(string cell)
    {
        var (model, optimizer) = Trained(cell);
        var (twin, ofTwin) = Trained(cell);
        for (var step = 0; step < 4; step++)
        {
            Step(model, optimizer);
            Step(twin, ofTwin);
            model.CheckHardware(); // which changes nothing
            using (no_grad())
                if (step == 2)
                    foreach (var each in new[] { model, twin })
                        each.get_parameter("fc2.weight")!.mul_(0.5f);
        }
        Assert.Equal(twin.state_dict().Select(entry => Convert.ToHexString(entry.Value.bytes)), model.state_dict().Select(entry => Convert.ToHexString(entry.Value.bytes)));
        model.load_state_dict(Trained(cell).Model.state_dict());
        model.CheckHardware();
        model.ToDigital();
        Assert.Equal(0, model.CheckHardware().Tiles);
    }

    [Fact]
    public void AChipIsHeldAgainstWhatWasProgrammed()
    {
        using var model = Network();
        model.eval();
        using var chip = model.Program(PcmPresets.Inference, seed: 1);
        chip.DriftTo(1e4);
        Assert.Equal(2, model.CheckHardware().Tiles);
        using (no_grad())
            chip.Tiles[1].Tile.Conductances[0][0, 0].mul_(1.01f);
        Assert.StartsWith("fc2: the plane 'programmed0'", Assert.Throws<InvalidDataException>(() => model.CheckHardware()).Message);
    }

    [Fact]
    public void HardwareAwareWeightsMustBeFinite()
    {
        using var model = Network();
        model.ToAnalog(PcmPresets.HardwareAware, seed: 1);
        Assert.Equal(2, model.CheckHardware().Tiles);
        using (no_grad())
            model.get_parameter("fc1.weight")!.view(-1)[3] = float.PositiveInfinity;
        Assert.Contains("at [0, 3]", Assert.Throws<InvalidDataException>(() => model.CheckHardware()).Message, StringComparison.Ordinal);
    }

    private static void Flip(Tensor plane)
    {
        using var noGrad = no_grad();
        plane.bytes[0] ^= 1; // the lowest bit, past torch
    }

    private static Sequential Network() => Sequential(("fc1", Linear(5, 4)), ("fc2", Linear(4, 2)));

    private static (Sequential Model, AnalogSGD Optimizer) Trained(string cell)
    {
        var model = Network();
        using (no_grad())
            foreach (var (name, parameter) in model.named_parameters())
                parameter.copy_(AnalogTorch.Kernels.Noise.Uniform(AnalogTorch.Core.Rng.FromSeed(4).Split(name), parameter.shape).sub_(0.5f));
        model.ToAnalog(cell switch { "msp-lsp" => PcmPresets.MspLsp, "single" => new TileConfig { Cell = new AnalogTorch.Cells.SingleDevice() }, _ => new TileConfig { Cell = new AnalogTorch.Cells.OneSidedPair() } }, seed: 1);
        return (model, new AnalogSGD(model.parameters(), 0.1));
    }

    private static void Step(Sequential model, AnalogSGD optimizer)
    {
        optimizer.zero_grad();
        model.call(ones(3, 5)).square().mean().backward();
        optimizer.step();
    }
}
