using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Tiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>How much of a training step is measured.</summary>
internal enum StepPart
{
    /// <summary>Forward and backward.</summary>
    Gradients,

    /// <summary>Forward, backward and the optimizer.</summary>
    Whole,
}

/// <summary>Steps of one layer of any kind, twice: torch's own, and the same one on tiles.</summary>
internal sealed class TwinContest : Contest
{
    private const double Rate = 0.01;
    private const int CalibrationSteps = 3;
    private readonly nn.Module digital, analog;
    private readonly Func<nn.Module, Tensor, Tensor> call;
    private readonly Tensor x;
    private readonly Tensor[] gradients; // of opposite sign, so that no weight drifts
    private int steps;
    private readonly StepPart part;
    private readonly Optimizer digitalStep, analogStep;
    private readonly AnalogTile[] tiles;
    private readonly Dictionary<AnalogTile, (long Pulses, long Examples)> since = [];

    private TwinContest(Func<nn.Module> create, Func<nn.Module, Tensor, Tensor> call, long[] input, LayerHardware hardware, StepPart part, double? density, long seed)
    {
        (this.call, this.part) = (call, part);
        (digital, analog) = (create(), create());
        var rng = Rng.FromSeed(seed);
        using (no_grad())
        {
            foreach (var (name, parameter) in digital.named_parameters())
                parameter.copy_(Noise.Uniform(rng.Split(name), parameter.shape).mul_(0.1f).sub_(0.05f));
            foreach (var (from, to) in digital.parameters().Zip(analog.parameters()))
                to.copy_(from);
        }
        x = Noise.Uniform(rng.Split("x"), input).mul_(2f).sub_(1f);
        Tensor y;
        using (no_grad())
            y = call(digital, x);
        var gradient = Noise.Uniform(rng.Split("gradient"), y.shape).mul_(2e-3f).sub_(1e-3f);
        gradients = [gradient, gradient.neg()];
        analog.ToAnalog(hardware, seed);
        tiles = [.. analog.AnalogTiles().Select(entry => entry.Tile)];
        digitalStep = SGD(digital.parameters(), 1e-6);
        analogStep = hardware is TileConfig ? new AnalogSGD(analog.parameters(), Rate) : SGD(analog.parameters(), 1e-6);
        if (density is { } aim)
            Calibrate(aim);
    }

    public override IEnumerable<(string Name, double Value)> Figures => part == StepPart.Whole && tiles.Length > 0 ? [("pulses_per_weight_and_sample", Density())] : [];

    /// <summary>An LSTM of 200 units over 35 steps of 20 samples.</summary>
    public static TwinContest Lstm(LayerHardware hardware, StepPart part, double? density, long seed) =>
        new(() => nn.LSTM(200, 200), (layer, x) => ((LSTM)layer).call(x).Item1, [35, 20, 200], hardware, part, density, seed);

    /// <summary>A 3×3 convolution of 64 to 64 channels on 16 images of 32×32.</summary>
    public static TwinContest Convolution(LayerHardware hardware, StepPart part, double? density, long seed) =>
        new(() => nn.Conv2d(64, 64, 3, padding: 1), (layer, x) => ((Conv2d)layer).call(x), [16, 64, 32, 32], hardware, part, density, seed);

    public override void Digital() => Step(digital, digitalStep);

    public override void Analog()
    {
        Step(analog, analogStep);
        if (part == StepPart.Gradients)
        {
            foreach (var tile in tiles)
            {
                tile.ThrowIfFaulted();
                tile.DropPending();
            }
        }
    }

    public override void Dispose()
    {
        digitalStep.Dispose();
        analogStep.Dispose();
        digital.Dispose();
        analog.Dispose();
        x.Dispose();
        foreach (var gradient in gradients)
            gradient.Dispose();
    }

    private void Step(nn.Module layer, Optimizer optimizer)
    {
        optimizer.zero_grad();
        using var input = x.detach().requires_grad_(true);
        call(layer, input).backward([gradients[steps++ % 2]]);
        if (part == StepPart.Whole)
            optimizer.step();
    }

    /// <summary>Finds the learning rate that gives so many coincidences per weight and sample, to which they are proportional.</summary>
    private void Calibrate(double aim)
    {
        for (var step = 0; step < CalibrationSteps; step++)
        {
            using var scope = NewDisposeScope();
            Count();
            Step(analog, analogStep);
            foreach (var group in analogStep.ParamGroups)
                group.LearningRate *= aim / Density();
        }
        Count();
    }

    private void Count()
    {
        foreach (var tile in tiles)
            since[tile] = (tile.Cells.Pulses, tile.Cells.Examples);
    }

    private double Density()
    {
        var pulses = tiles.Sum(tile => tile.Cells.Pulses - since[tile].Pulses);
        return pulses / tiles.Sum(tile => (double)(tile.Cells.Examples - since[tile].Examples) * tile.Inputs * tile.Outputs);
    }
}
