using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Networks;

/// <summary>Every architecture of the zoo runs and trains on tiles, and on ideal ones as it does without.</summary>
public class AnalogZooTests
{
    public static TheoryData<string> Names => new(Zoo.All.Select(architecture => architecture.Name));

    /// <summary>Outputs, names and one step of training, from the conversion to the way back.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void OnIdealTilesANetworkIsWhatItWas(string name)
    {
        using var scope = NewDisposeScope();
        var (_, digital, inputs) = ZooLaws.Small(name, dropsBetweenLayers: false);
        var (_, analog, _) = ZooLaws.Small(name, dropsBetweenLayers: false);
        using (digital)
        using (analog)
        {
            analog.load_state_dict(digital.state_dict());
            digital.eval();
            analog.eval();
            var report = analog.ToAnalog(TwinLaws.Ideal, seed: 3);
            TwinLaws.NothingIsDigitalInSilence(analog, report, TiedLayers(name));
            Assert.Equal(digital.state_dict().Keys, analog.DigitalKeys());
            using (no_grad())
                TwinLaws.Close(Scores(digital), Scores(analog));

            digital.TrainWithoutDropout();
            analog.TrainWithoutDropout();
            var before = digital.Values();
            Loss(Scores(digital)).backward();
            Loss(Scores(analog)).backward();
            var rate = TwinLaws.RateOf(digital);
            using var digitalStep = optim.SGD(digital.parameters(), rate);
            using var analogStep = new AnalogSGD(analog.parameters(), rate);
            digitalStep.step();
            analogStep.step();
            TwinLaws.SameChanges(before, digital, analog);

            analog.eval();
            using var noGrad = no_grad();
            var last = Scores(analog);
            Assert.True(analog.ToDigital() > 0);
            Assert.Equal(digital.state_dict().Keys, analog.state_dict().Keys);
            TwinLaws.Close(last, Scores(analog));
        }

        Tensor Scores(Module network) => ZooLaws.Scores(network, inputs);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void HardwareAwareNetworksRunAndTrain(string name)
    {
        using var scope = NewDisposeScope();
        var (_, network, inputs) = ZooLaws.Small(name);
        using (network)
        {
            network.eval();
            Tensor digital;
            using (no_grad())
                digital = ZooLaws.Scores(network, inputs);
            TwinLaws.NothingIsDigitalInSilence(network, network.ToAnalog(new HardwareAwareConfig()));
            using (no_grad())
                TwinLaws.Close(digital, ZooLaws.Scores(network, inputs));
            network.ToDigital();

            network.ToAnalog(PcmPresets.HardwareAware, seed: 1);
            network.train();
            var before = network.Values();
            using var optimizer = optim.SGD(network.parameters(), 0.01);
            var loss = Loss(ZooLaws.Scores(network, inputs));
            loss.backward();
            optimizer.step();
            Assert.True(float.IsFinite(loss.item<float>()));
            var after = network.state_dict();
            foreach (var (key, parameter) in network.named_parameters())
            {
                Assert.True(after[key].isfinite().all().item<bool>(), key);
                if (parameter.grad!.abs().max().item<float>() > 1e-5f) // what goes to a softmax as a whole has none
                    Assert.False(after[key].Equals(before[key]), $"{key} must have moved.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void PulsesReachEveryTile(string name)
    {
        using var scope = NewDisposeScope();
        var (_, network, inputs) = ZooLaws.Small(name);
        using (network)
        {
            network.ToAnalog(TwinLaws.Pulsed, seed: 1);
            network.train();
            using var optimizer = new AnalogSGD(network.parameters(), 1);
            var loss = Loss(ZooLaws.Scores(network, inputs));
            loss.backward();
            Assert.True(float.IsFinite(loss.item<float>()));
            Assert.All(network.AnalogTiles(), entry => Assert.True(entry.Tile.PendingUpdates > 0, $"{entry.Name} was not asked to learn."));
            optimizer.step();
            Assert.All(network.AnalogTiles(), entry => Assert.True(entry.Tile.Cells.Pulses > 0, $"{entry.Name} received no pulse."));
        }
    }

    /// <summary>Layers whose weight is also that of an embedding, which stays digital.</summary>
    private static string[] TiedLayers(string name) => name == "word_lstm_tied" ? ["decoder"] : [];

    private static Tensor Loss(Tensor scores)
    {
        var rows = scores.flatten(0, -2);
        return functional.cross_entropy(rows, arange(rows.shape[0]).remainder(rows.shape[1]));
    }
}
