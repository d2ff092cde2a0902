using System.Numerics;
using AnalogTorch.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>The oracle: plain loops over elements, samples and pulses, one float at a time, in host memory.</summary>
internal sealed class ScalarEngine : IPulseEngine
{
    public string Name => "scalar";

    public bool Supports(Device device) => device.type == DeviceType.CPU;

    public IPulseStepVisitor Update(PulseTarget target, TrainPair trains, Rng rng) => new Visitor(target, trains, null, rng);

    public IPulseStepVisitor Pulse(PulseTarget target, Tensor counts, Rng rng) => new Visitor(target, default, counts, rng);

    public IPulseStepVisitor Seek(PulseTarget target, Tensor goals, float tolerance, int most, Rng rng) =>
        new SeekVisitor(target, goals, tolerance, most, rng);

    public IPulseStepVisitor Read(PulseTarget target, Rng rng) => new Visitor(target, default, null, rng);

    private sealed unsafe class Visitor(PulseTarget target, TrainPair trains, Tensor? counts, Rng rng) : IPulseStepVisitor
    {
        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>
        {
            var outputs = target.Planes.Value.shape[0];
            var inputs = target.Planes.Value.shape[1];
            for (var output = 0L; output < outputs; output++)
                for (var input = 0L; input < inputs; input++)
                    VisitElement(new Element<TStep>(target, step, draw, rng, output * inputs + input), output, input);
        }

        private void VisitElement<TStep>(Element<TStep> element, long output, long input) where TStep : struct, IPulseStep<TStep>
        {
            if (counts is not null)
            {
                var count = TensorMemory.Pointer<int>(counts)[element.Index];
                for (var pulse = 0; pulse < Math.Abs(count); pulse++)
                    element.Step(down: count < 0, countedDown: count < 0);
            }
            var group = trains.Samples == 0 ? 0 : output / (target.Planes.Value.shape[0] / trains.Groups);
            for (var sample = 0; sample < trains.Samples; sample++)
            {
                var x = TensorMemory.Pointer<uint>(trains.Inputs)[(long)sample * trains.InputStride + group * trains.GroupStride + input];
                var d = TensorMemory.Pointer<uint>(trains.Outputs)[(long)sample * trains.OutputStride + output];
                var down = ((x ^ d) >> 31 == 1) != target.Inverted;
                if (target.Side != PulseSide.Both && down != (target.Side == PulseSide.DownOnly))
                    continue;
                for (var pulse = BitOperations.PopCount(x & d & TrainPair.Slots); pulse > 0; pulse--)
                    element.Step(down && target.Side == PulseSide.Both, countedDown: down != target.Inverted);
            }
            element.Store(reading: counts is null && trains.Samples == 0);
        }
    }

    private sealed unsafe class SeekVisitor(PulseTarget target, Tensor goals, float tolerance, int most, Rng rng) : IPulseStepVisitor
    {
        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>
        {
            for (var index = 0L; index < target.Planes.Value.NumberOfElements; index++)
            {
                var element = new Element<TStep>(target, step, draw, rng, index);
                for (var pulse = 0; pulse < most && TensorMemory.Pointer<float>(goals)[index] - element.Value > tolerance; pulse++)
                    element.Step(down: false, countedDown: false);
                element.Store(reading: false);
            }
        }
    }

    private unsafe ref struct Element<TStep> where TStep : struct, IPulseStep<TStep>
    {
        public readonly long Index;
        private readonly PulseTarget target;
        private readonly TStep step;
        private readonly PulseDraw draw;
        private readonly Cell<FloatLane> cell;
        private FloatLane value, memory;
        private bool touched;
        private RandomLanes<Lane128> lanes;

        public Element(PulseTarget target, TStep step, PulseDraw draw, Rng rng, long index)
        {
            (this.target, this.step, this.draw, Index) = (target, step, draw, index);
            var planes = target.Planes;
            cell = new(new PlaneMemory(planes.Up).At(index), new PlaneMemory(planes.Down).At(index),
                new PlaneMemory(planes.Min).At(index), new PlaneMemory(planes.Max).At(index), new PlaneMemory(planes.Offset).At(index));
            value = TensorMemory.Pointer<float>(planes.Value)[index];
            memory = planes.Memory is null ? 0 : TensorMemory.Pointer<float>(planes.Memory)[index];
            lanes = new RandomLanes<Lane128>(rng.Split(index).Key);
        }

        public readonly float Value => value.Value;

        public void Step(bool down, bool countedDown)
        {
            FloatLane random = draw switch
            {
                PulseDraw.Normal => lanes.NextNormal().Value[0],
                PulseDraw.Uniform => lanes.NextUniform().Value[0],
                _ => 0,
            };
            memory = TStep.Remember(step, memory);
            value += down ? step.Down(value, memory, cell, random) : step.Up(value, memory, cell, random);
            value = FloatLane.Min(FloatLane.Max(value, cell.Min), cell.Max);
            target.Pulses++;
            touched = true;
            var planeOfCounts = countedDown ? target.DownCounts : target.UpCounts;
            if (planeOfCounts is not null)
                TensorMemory.Pointer<int>(planeOfCounts)[Index]++;
        }

        public void Store(bool reading)
        {
            if (!touched && !reading)
                return;
            TensorMemory.Pointer<float>(target.Planes.Value)[Index] = value.Value;
            if (target.Planes.Memory is not null)
                TensorMemory.Pointer<float>(target.Planes.Memory)[Index] = memory.Value;
            var other = target.Other is null ? 0 : target.OtherGain * TensorMemory.Pointer<float>(target.Other)[Index];
            TensorMemory.Pointer<float>(target.Weights)[Index] = target.Gain * TStep.Read(step, value, cell).Value + other
                + (target.WriteNoise == 0 ? 0 : target.WriteNoise * lanes.NextNormal().Value[0]);
        }
    }
}
