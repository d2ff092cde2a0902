using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>What holds for every cell.</summary>
public static class CellLaws
{
    public static void UpdatesMoveWeightsTheWayTheTrainsSay(UnitCell cell)
    {
        using var scope = NewDisposeScope();
        var weights = zeros(30, 50);
        using var array = cell.Build(new Rng(1), weights);
        array.Write(zeros(30, 50));
        var before = weights.clone();
        // The sign of an output's word is that of −δ: both words positive raise the weight. All lines coincide 4 times.
        var (x, d) = (zeros([1, 64], ScalarType.Int32), zeros([1, 32], ScalarType.Int32));
        x.slice(1, 0, 50, 1).fill_(15);
        d.slice(1, 0, 15, 1).fill_(15 | int.MinValue);
        d.slice(1, 15, 30, 1).fill_(15);
        array.Update(Bench.Pair(x, d, 1));
        if (!cell.IsDirect)
        {
            WeightsFollowLater(array, x, d, before);
            return;
        }
        var change = (weights - before) / (float)cell.WeightStep;
        // 750 weights a half; the spread of four steps, device and cycle noise included, is below four steps each.
        Assert.InRange(change.slice(0, 0, 15, 1).mean().item<float>(), -8, -2);
        Assert.InRange(change.slice(0, 15, 30, 1).mean().item<float>(), 2, 8);
        Assert.Equal(30 * 50 * 4, array.Pulses);
        Assert.Equal(1, array.Examples);
    }

    /// <summary>Weights that follow another array have moved the way the trains say when every line was transferred several times.</summary>
    private static void WeightsFollowLater(CellArray array, Tensor x, Tensor d, Tensor before)
    {
        for (var example = 1; example < 2000; example++)
            array.Update(Bench.Pair(x, d, 1));
        var change = array.Weights - before;
        Assert.True(change.slice(0, 0, 15, 1).mean().item<float>() < 0);
        Assert.True(change.slice(0, 15, 30, 1).mean().item<float>() > 0);
        Assert.Equal(2000, array.Examples);
        Assert.True(array.Pulses > 0);
    }

    public static void RefreshGivesTheWeightsAgain(UnitCell cell)
    {
        using var scope = NewDisposeScope();
        // Scaled, so that no cell has the very weights as the values of its devices.
        cell = cell.Scaled(2);
        var weights = zeros(7, 20);
        using var array = cell.Build(new Rng(1), weights);
        array.Write(Noise.Normal(new Rng(2), [7, 20]).mul_(0.05f));
        array.Update(Bench.Trains(new Rng(3), 5, 20, 7, 0.2));
        var before = Bench.Floats(weights);
        weights.zero_();
        array.Refresh();
        Assert.Equal(before, Bench.Floats(weights));
    }

    public static void CountsOfPulsesAddUp(UnitCell cell)
    {
        using var scope = NewDisposeScope();
        using var array = cell.Build(new Rng(1), zeros(7, 20));
        Assert.Null(array.PulseCounts);
        array.Write(zeros(7, 20));
        array.CountPulses();
        var trains = Bench.Trains(new Rng(3), 5, 20, 7, 0.2);
        array.Update(trains);
        var (up, down) = Bench.Coincidences(trains, 7, 20, PulseSide.Both, inverted: false);
        var (raised, lowered) = (array.PulseCounts!.Value.Up.data<int>().ToArray(), array.PulseCounts!.Value.Down.data<int>().ToArray());
        Assert.Equal(array.Pulses, raised.Sum() + lowered.Sum());
        if (!cell.IsDirect)
            return;
        Assert.Equal(up, raised);
        Assert.Equal(down, lowered);
        Assert.Equal(up.Sum() + down.Sum(), array.Pulses);
    }
}
