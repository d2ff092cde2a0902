using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Networks;

/// <summary>Networks as other people write them run and train on tiles.</summary>
public class AnalogZooStyleTests
{
    private const int Steps = 3;

    /// <remarks>Start values are torch's; one draw in some hundred leaves a small layer of ReLU without a unit that answers, and then nothing learns.</remarks>
    public AnalogZooStyleTests() => random.manual_seed(5);

    public static TheoryData<string> Names => new(OtherNetworks.All.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void OnIdealTilesANetworkIsWhatItWas(string name)
    {
        using var scope = NewDisposeScope();
        var (build, shape, stayDigital) = OtherNetworks.All[name];
        using var digital = build();
        using var analog = build();
        analog.load_state_dict(digital.state_dict());
        var report = analog.ToAnalog(TwinLaws.Ideal, seed: 3);
        TwinLaws.NothingIsDigitalInSilence(analog, report, stayDigital);
        Assert.Equal(digital.state_dict().Keys, analog.DigitalKeys());
        foreach (var mode in new Func<IDisposable>[] { no_grad, () => inference_mode(true), () => enable_grad() })
        {
            foreach (var training in new[] { false, true })
            {
                digital.TrainWithoutDropout(training);
                analog.TrainWithoutDropout(training);
                using var here = mode();
                TwinLaws.Close(digital.call(Input(shape, 0)), analog.call(Input(shape, 0)));
            }
        }
        for (var step = 0; step < Steps; step++)
        {
            digital.zero_grad();
            var (expected, actual) = (digital.call(Input(shape, step)), analog.call(Input(shape, step)));
            TwinLaws.Close(expected, actual, 1e-4); // after steps of that share
            Loss(expected).backward();
            var rate = TwinLaws.RateOf(digital);
            using var digitalStep = optim.SGD(digital.parameters(), rate);
            using var analogStep = new AnalogSGD(analog.parameters(), rate);
            if (step > 0)
                analog.zero_grad();
            analogStep.zero_grad();
            Loss(actual).backward();
            var before = digital.Values();
            digitalStep.step();
            analogStep.step();
            TwinLaws.SameChanges(before, digital, analog);
            analog.load_state_dict(digital.state_dict(), strict: false);
            analog.WriteHardware();
        }
        var last = analog.call(Input(shape, 9)).detach();
        Assert.True(analog.ToDigital() > 0);
        Assert.Equal(digital.state_dict().Keys, analog.state_dict().Keys);
        TwinLaws.Close(last, analog.call(Input(shape, 9)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void HardwareAwareNetworksRunAndTrain(string name)
    {
        using var scope = NewDisposeScope();
        var (build, shape, _) = OtherNetworks.All[name];
        using var digital = build();
        using var aware = build();
        aware.load_state_dict(digital.state_dict());
        aware.ToAnalog(new HardwareAwareConfig());
        digital.TrainWithoutDropout();
        aware.TrainWithoutDropout();
        var before = digital.Values();
        var (expected, actual) = (digital.call(Input(shape, 0)), aware.call(Input(shape, 0)));
        TwinLaws.Close(expected, actual);
        Loss(expected).backward();
        Loss(actual).backward();
        var rate = TwinLaws.RateOf(digital);
        using var digitalStep = optim.SGD(digital.parameters(), rate);
        using var awareStep = optim.SGD(aware.parameters(), rate);
        digitalStep.step();
        awareStep.step();
        TwinLaws.SameChanges(before, digital, aware);
        aware.ToDigital();

        aware.ToAnalog(PcmPresets.HardwareAware, seed: 1);
        using var adam = optim.Adam(aware.parameters(), 1e-3);
        using (inference_mode(true))
            _ = aware.call(Input(shape, 0)); // in training mode, and what it leaves behind is used in training
        for (var step = 0; step < Steps; step++)
        {
            adam.zero_grad();
            var loss = Loss(aware.call(Input(shape, step)));
            loss.backward();
            adam.step();
            Assert.True(float.IsFinite(loss.item<float>()));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void PulsesReachEveryTileThatIsAskedToLearn(string name)
    {
        foreach (var hardware in new[] { TwinLaws.Pulsed, PcmPresets.MspLsp, PcmPresets.Pair })
        {
            using var scope = NewDisposeScope();
            var (build, shape, _) = OtherNetworks.All[name];
            using var network = build();
            network.ToAnalog(hardware, seed: 1);
            using (inference_mode(true))
                _ = network.call(Input(shape, 0));
            using var optimizer = new AnalogSGD(network.parameters(), 1);
            var learning = new HashSet<string>();
            for (var step = 0; step < Steps; step++)
            {
                optimizer.zero_grad();
                var loss = Loss(network.call(Input(shape, step)));
                loss.backward();
                Assert.True(float.IsFinite(loss.item<float>()));
                learning.UnionWith(network.AnalogTiles().Where(entry => entry.Tile.PendingUpdates > 0).Select(entry => entry.Name));
                optimizer.step();
            }
            Assert.NotEmpty(learning);
            Assert.All(network.AnalogTiles(), entry => Assert.True(learning.Contains(entry.Name) == entry.Tile.Cells.Pulses > 0, $"{entry.Name} received {entry.Tile.Cells.Pulses} pulses."));
        }
    }

    [Fact]
    public void ATaggerWithDropoutTrains()
    {
        using var scope = NewDisposeScope();
        using var tagger = new OtherNetworks.Tagger(dropout: 0.3);
        tagger.ToAnalog(TwinLaws.Pulsed, seed: 1);
        using var optimizer = new AnalogSGD(tagger.parameters(), 0.5);
        var losses = new List<float>();
        for (var step = 0; step < 30; step++)
        {
            using var inner = NewDisposeScope();
            optimizer.zero_grad();
            var scores = tagger.call(Input([6, 5, 8], 0)).flatten(0, -2);
            var loss = functional.nll_loss(scores, arange(scores.shape[0]).remainder(scores.shape[1]));
            loss.backward();
            optimizer.step();
            losses.Add(loss.item<float>());
        }
        Assert.True(losses[^5..].Average() < losses[0], $"from {losses[0]} to {losses[^5..].Average()}");
        Assert.All(tagger.AnalogTiles(), entry => Assert.True(entry.Tile.Cells.Pulses > 0, entry.Name));
    }

    /// <summary>A critic is called twice before its step, and takes no part in the step of its counterpart.</summary>
    [Fact]
    public void ATwoPlayerGameIsThatOfTorch()
    {
        using var scope = NewDisposeScope();
        var players = new[] { false, true }.Select(onTiles =>
        {
            manual_seed(4);
            var (maker, critic) = (Sequential(Linear(3, 8), Tanh(), Linear(8, 2)), Sequential(Linear(2, 8), LeakyReLU(0.2), Linear(8, 1)));
            if (onTiles)
            {
                maker.ToAnalog(TwinLaws.Ideal, seed: 1);
                critic.ToAnalog(TwinLaws.Ideal, seed: 2);
            }
            using optim.Optimizer makerStep = onTiles ? new AnalogSGD(maker.parameters(), 0.1) : optim.SGD(maker.parameters(), 0.1);
            using optim.Optimizer criticStep = onTiles ? new AnalogSGD(critic.parameters(), 0.1) : optim.SGD(critic.parameters(), 0.1);
            using var loss = BCEWithLogitsLoss();
            for (var round = 0; round < 5; round++)
            {
                var made = maker.call(Input([6, 3], round));
                criticStep.zero_grad();
                (loss.call(critic.call(Input([6, 2], 50 + round)), ones(6, 1)) + loss.call(critic.call(made.detach()), zeros(6, 1))).backward();
                criticStep.step();
                makerStep.zero_grad();
                loss.call(critic.call(made), ones(6, 1)).backward();
                makerStep.step();
            }
            return (maker, critic);
        }).ToArray();
        foreach (var (expected, actual) in players[0].maker.parameters().Concat(players[0].critic.parameters()).Zip(players[1].maker.parameters().Concat(players[1].critic.parameters())))
            TwinLaws.Close(expected, actual, 1e-4);
    }

    private static Tensor Loss(Tensor scores) => (scores * Noise.Uniform(Rng.FromSeed(33), scores.shape)).sum() + scores.square().mean();

    private static Tensor Input(long[] shape, int seed) => Noise.Uniform(Rng.FromSeed(seed), shape).mul_(2f).sub_(1f);
}
