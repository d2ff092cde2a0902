using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>The engine for any torch device: exact, sample by sample and pulse by pulse, on whole arrays.</summary>
/// <remarks>Slower than the fused engine in host memory: every pulse of the busiest element costs a pass over the array.</remarks>
internal sealed class TensorEngine : IPulseEngine
{
    public string Name => "tensor";

    public bool Supports(Device device) => true;

    public IPulseStepVisitor Update(PulseTarget target, TrainPair trains, Rng rng) => new Visitor(target, trains, null, rng);

    public IPulseStepVisitor Pulse(PulseTarget target, Tensor counts, Rng rng) => new Visitor(target, default, counts, rng);

    public IPulseStepVisitor Seek(PulseTarget target, Tensor goals, float tolerance, int most, Rng rng) =>
        new SeekVisitor(target, goals, tolerance, most, rng);

    public IPulseStepVisitor Read(PulseTarget target, Rng rng) => new Visitor(target, default, null, rng);

    private sealed class Visitor(PulseTarget target, TrainPair trains, Tensor? counts, Rng rng) : IPulseStepVisitor
    {
        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var elements = new Elements(target);
            var touched = full_like(target.Weights, counts is null && trains.Samples == 0, ScalarType.Bool);
            if (counts is not null)
                Steps(elements, step, draw, counts, PulseSide.Both, rng, touched);
            for (var sample = 0; sample < trains.Samples; sample++)
                Steps(elements, step, draw, Coincidences(sample), target.Side, rng.Split(sample), touched);
            elements.Read(step, rng, touched);
        }

        /// <summary>Signed numbers of coincidences of one sample [outputs, inputs] (int32).</summary>
        private Tensor Coincidences(int sample)
        {
            using var scope = NewDisposeScope();
            var shape = target.Planes.Value.shape;
            var x = trains.Inputs[sample].view(trains.Groups, 1, -1).narrow(2, 0, shape[1]);
            var d = trains.Outputs[sample].narrow(0, 0, shape[0]).view(trains.Groups, -1, 1);
            var slot = arange(31, ScalarType.Int32, x.device);
            var both = ((d.bitwise_right_shift(slot) & 1).to(ScalarType.Float32) * d.sign())
                .bmm((x.bitwise_right_shift(slot.view(-1, 1)) & 1).to(ScalarType.Float32) * x.sign()).view(shape);
            return (target.Inverted ? -both : both).to(ScalarType.Int32).MoveToOuterDisposeScope();
        }

        private void Steps<TStep>(Elements elements, TStep step, PulseDraw draw, Tensor signed, PulseSide side, Rng stream, Tensor touched) where TStep : struct, IPulseStep<TStep>
        {
            using var scope = NewDisposeScope();
            var down = signed < 0;
            var left = side switch
            {
                PulseSide.UpOnly => signed.clamp_min(0),
                PulseSide.DownOnly => (-signed).clamp_min(0),
                _ => signed.abs(),
            };
            var lowers = counts is null && target.Inverted ? down.logical_not() : down; // counted in the direction of the weight
            target.UpCounts?.add_(where(lowers, zeros_like(left), left));
            target.DownCounts?.add_(where(lowers, left, zeros_like(left)));
            touched.logical_or_(left > 0);
            target.Pulses += left.sum().item<long>();
            for (var pulse = 0; left.max().item<int>() > pulse; pulse++)
                elements.Pulse(step, draw, stream.Split(pulse), left > pulse, side == PulseSide.Both ? down : null);
        }
    }

    private sealed class SeekVisitor(PulseTarget target, Tensor goals, float tolerance, int most, Rng rng) : IPulseStepVisitor
    {
        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var elements = new Elements(target);
            var touched = zeros_like(target.Weights, ScalarType.Bool);
            for (var pulse = 0; pulse < most; pulse++)
            {
                using var inner = NewDisposeScope();
                var missing = goals - target.Planes.Value > tolerance;
                var pulses = missing.sum().item<long>();
                if (pulses == 0)
                    break;
                elements.Pulse(step, draw, rng.Split(pulse), missing, down: null);
                touched.logical_or_(missing);
                target.UpCounts?.add_(missing);
                target.Pulses += pulses;
            }
            elements.Read(step, rng, touched);
        }
    }

    /// <summary>What visits have in common: one pulse for some elements, and the weights after it.</summary>
    private sealed class Elements(PulseTarget target)
    {
        private readonly Cell<TensorLane> cell =
            new((Tensor)target.Planes.Up, (Tensor)target.Planes.Down, (Tensor)target.Planes.Min, (Tensor)target.Planes.Max, (Tensor)target.Planes.Offset);

        /// <summary>One pulse for the elements that are hit: upward, or downward where the mask says so.</summary>
        public void Pulse<TStep>(TStep step, PulseDraw draw, Rng stream, Tensor hit, Tensor? down) where TStep : struct, IPulseStep<TStep>
        {
            using var scope = NewDisposeScope();
            var planes = target.Planes;
            TensorLane value = planes.Value;
            var remembered = TStep.Remember(step, new TensorLane(planes.Memory ?? zeros(1, device: planes.Value.device)));
            TensorLane random = draw switch
            {
                PulseDraw.Normal => Noise.Normal(stream, planes.Value.shape, planes.Value.device),
                PulseDraw.Uniform => Noise.Uniform(stream, planes.Value.shape, planes.Value.device),
                _ => zeros(1, device: planes.Value.device),
            };
            var change = step.Up(value, remembered, cell, random).Value;
            if (down is not null)
                change = where(down, step.Down(value, remembered, cell, random).Value, change);
            var next = TensorLane.Min(TensorLane.Max(planes.Value + change, cell.Min), cell.Max).Value;
            planes.Value.copy_(where(hit, next, planes.Value));
            planes.Memory?.copy_(where(hit, remembered.Value, planes.Memory));
        }

        /// <summary>The weights of the elements that were touched.</summary>
        public void Read<TStep>(TStep step, Rng rng, Tensor touched) where TStep : struct, IPulseStep<TStep>
        {
            var weights = TStep.Read(step, new TensorLane(target.Planes.Value), cell).Value * target.Gain;
            if (target.Other is not null)
                weights += target.Other * target.OtherGain;
            if (target.WriteNoise != 0)
                weights += Noise.Normal(rng.Split("write"), target.Weights.shape, target.Weights.device) * target.WriteNoise;
            target.Weights.copy_(where(touched, weights, target.Weights));
        }
    }
}
