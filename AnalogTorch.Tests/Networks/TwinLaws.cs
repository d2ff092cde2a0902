using AnalogTorch.Cells;
using AnalogTorch.Devices;
using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Networks;

/// <summary>What holds between a network on tiles and its digital twin.</summary>
internal static class TwinLaws
{
    /// <summary>Devices that hold and take every value, and updates without pulses.</summary>
    public static readonly TileConfig Ideal = new()
    {
        Cell = new SingleDevice { Device = new ConstantStep { DwMin = 1e-3, Min = -50, Max = 50, DwMinVariation = 0, UpDownVariation = 0, MinVariation = 0, MaxVariation = 0, CycleNoise = 0 } },
        Update = new ExactUpdate(),
    };

    /// <summary>Soft bounds, with every variation that they have by default, and stochastic trains.</summary>
    public static readonly TileConfig Pulsed = new() { Cell = new SingleDevice { Device = new SoftBounds() }, Update = new StochasticTrains() };

    /// <summary>The names under which a plain network saves its values.</summary>
    public static string[] DigitalKeys(this nn.Module network) => [.. network.state_dict().Keys.Where(key => !key.Split('.').Contains("analog_tile"))];

    /// <summary>Dropout off, whatever the mode of the rest.</summary>
    public static void TrainWithoutDropout(this nn.Module network)
    {
        network.train();
        foreach (var module in network.modules())
            if (module is Dropout or Dropout1d or Dropout2d or Dropout3d or AlphaDropout or LSTM or GRU or RNN)
                SwitchOffDropout(module);
    }

    /// <summary>Every layer with a matrix is on tiles, unless it is named here, and every other row says why.</summary>
    public static void NothingIsDigitalInSilence(nn.Module network, ConversionReport report, params string[] digital)
    {
        var analog = report.Rows.Where(row => row.IsAnalog).Select(row => row.Name).ToHashSet();
        var layers = network.named_modules().Prepend((name: "", module: network)).ToArray();
        foreach (var (name, module) in layers)
        {
            string[] expected = module switch
            {
                Linear or Conv1d or Conv2d or Conv3d => [name.Length == 0 ? module.GetName() : name],
                LSTM or GRU or RNN => [.. module.named_parameters().Where(entry => entry.name.StartsWith("weight_", StringComparison.Ordinal)).Select(entry => $"{name}.{entry.name["weight_".Length..]}")],
                LSTMCell or GRUCell or RNNCell => [$"{name}.ih", $"{name}.hh"],
                _ => [],
            };
            if (!digital.Contains(name))
                Assert.All(expected, row => Assert.Contains(row, analog));
        }
        Assert.All(report.Rows.Where(row => !row.IsAnalog), row => Assert.Matches("^digital: .{10}", row.Note));
        Assert.Equal(digital, report.Rows.Where(row => !row.IsAnalog && digital.Contains(row.Name)).Select(row => row.Name));

        // Whoever has parameters of its own has a row.
        foreach (var (name, module) in layers.Where(entry => entry.name.Length > 0 && !entry.name.Split('.').Contains("analog_tile") && entry.module.parameters(recurse: false).Any()))
            Assert.Contains(report.Rows, row => row.Name == name || row.Name.StartsWith($"{name}.", StringComparison.Ordinal));
    }

    /// <summary>Results agree to a share of the largest.</summary>
    public static void Close(Tensor expected, Tensor actual, double share = 1e-5)
    {
        Assert.Equal(expected.shape, actual.shape);
        var (off, largest) = ((expected - actual).abs().max().item<float>(), expected.abs().max().item<float>());
        Assert.True(off <= share * largest, $"off by {off}, where the largest is {largest}");
    }

    /// <summary>Both twins have the same names and the same values.</summary>
    /// <param name="before">Values before the step, of the digital twin.</param>
    /// <param name="digital">The digital twin after it.</param>
    /// <param name="analog">The twin on tiles after it.</param>
    public static void SameChanges(IReadOnlyDictionary<string, Tensor> before, nn.Module digital, nn.Module analog)
    {
        var values = analog.state_dict();
        var worst = (Share: 0.0, Text: "");
        foreach (var (key, value) in digital.state_dict())
        {
            if (!value.is_floating_point() || value.numel() == 0)
                continue;
            var (expected, actual) = (value - before[key], values[key] - before[key]);
            var off = Max(expected - actual);
            var allowed = 1e-4 * Max(expected) + 2.4e-7 * Max(value); // two units in the last place, as each change is rounded into the value
            var share = off == 0 ? 0 : off / allowed;
            if (!(share <= worst.Share))
                worst = (share, $"{key} is off by {off}, where the largest change is {Max(expected)} and the largest value {Max(value)}");
        }
        Assert.True(worst.Share <= 1, worst.Text);
    }

    /// <summary>Copies of all that a network saves.</summary>
    public static IReadOnlyDictionary<string, Tensor> Values(this nn.Module network) => network.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

    private static double Max(Tensor values) => values.abs().max().item<float>();

    private static void SwitchOffDropout(nn.Module module) => module.eval();
}
