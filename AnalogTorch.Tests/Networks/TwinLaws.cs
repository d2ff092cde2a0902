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
        Cell = new SingleDevice { Device = new ConstantStep { DwMin = 1e-3, Min = -1e5, Max = 1e5, DwMinVariation = 0, UpDownVariation = 0, MinVariation = 0, MaxVariation = 0, CycleNoise = 0 } },
        Update = new ExactUpdate(),
    };

    /// <summary>Soft bounds, with every variation that they have by default, and stochastic trains.</summary>
    public static readonly TileConfig Pulsed = new() { Cell = new SingleDevice { Device = new SoftBounds() }, Update = new StochasticTrains() };

    /// <summary>The names under which a plain network saves its values.</summary>
    public static string[] DigitalKeys(this nn.Module network) => [.. network.state_dict().Keys.Where(key => !key.Split('.').Contains("analog_tile"))];

    /// <summary>Dropout off, whatever the mode of the rest.</summary>
    public static void TrainWithoutDropout(this nn.Module network, bool training = true)
    {
        network.train(training);
        foreach (var module in network.modules())
            if (module is Dropout or Dropout1d or Dropout2d or Dropout3d or AlphaDropout)
                module.eval();
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

    /// <summary>A step changed both twins alike, to a share of the largest change in each layer.</summary>
    /// <param name="before">Values before the step, of the digital twin.</param>
    /// <param name="digital">The digital twin after it.</param>
    /// <param name="analog">The twin on tiles after it.</param>
    public static void SameChanges(IReadOnlyDictionary<string, Tensor> before, nn.Module digital, nn.Module analog)
    {
        var (values, after) = (analog.state_dict(), digital.state_dict());
        var changes = after.Where(entry => entry.Value.is_floating_point() && entry.Value.numel() > 0).ToDictionary(entry => entry.Key, entry => Max(entry.Value - before[entry.Key]));
        var largest = changes.GroupBy(entry => LayerOf(entry.Key)).ToDictionary(group => group.Key, group => group.Max(entry => entry.Value));
        var worst = (Share: 0.0, Text: "");
        foreach (var (key, change) in changes)
        {
            var value = after[key];
            var off = Max(value - values[key]);
            var allowed = 1e-4 * largest[LayerOf(key)] + 6e-7 * Max(value); // each of up to ten calls is an update of its own, and rounded into the value
            var share = off == 0 ? 0 : off / allowed;
            if (!(share <= worst.Share))
                worst = (share, $"{key} is off by {off}, where the largest change is {change} and the largest value {Max(value)}");
        }
        Assert.True(worst.Share <= 1, worst.Text);
    }

    /// <summary>The rate at which a step changes no value by more than a tenth.</summary>
    public static double RateOf(nn.Module network) => 0.1 / network.parameters().Select(parameter => parameter.grad).OfType<Tensor>().Max(Max);

    /// <summary>Copies of all that a network saves.</summary>
    public static IReadOnlyDictionary<string, Tensor> Values(this nn.Module network) => network.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

    private static string LayerOf(string key) => key[..Math.Max(key.LastIndexOf('.'), 0)];

    private static double Max(Tensor values) => values.abs().max().item<float>();
}
